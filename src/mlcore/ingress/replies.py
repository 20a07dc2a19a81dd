"""What this server says (RFC 5321 4.2, RFC 2033, codes of RFC 3463). No reply quotes the peer."""

from typing import Final

from mlcore.mail.reply import Reply

BYE: Final = Reply(221, "2.0.0", "Bye")
DONE: Final = Reply(250, "2.0.0", "Ok")
SENDER_OK: Final = Reply(250, "2.1.0", "Ok")
NOT_VERIFIED: Final = Reply(252, "2.5.0", "Not verified; send some mail and see")
HELP: Final = Reply(214, "2.0.0", "LHLO MAIL RCPT DATA RSET NOOP VRFY HELP QUIT (RFC 2033)")
GO_ON: Final = Reply(354, "", "End data with <CR><LF>.<CR><LF>")

UNKNOWN_COMMAND: Final = Reply(500, "5.5.1", "Command not recognized")
NOT_LMTP: Final = Reply(500, "5.5.1", "This is LMTP: say LHLO")
NOT_A_LINE: Final = Reply(500, "5.5.2", "Not a command line")
LINE_TOO_LONG: Final = Reply(500, "5.5.2", "Command line too long")
NO_ARGUMENT: Final = Reply(501, "5.5.4", "This command takes no argument")
NEEDS_ARGUMENT: Final = Reply(501, "5.5.4", "This command needs an argument")
MAIL_SYNTAX: Final = Reply(501, "5.5.4", "Syntax: MAIL FROM:<address> [parameters]")
RCPT_SYNTAX: Final = Reply(501, "5.5.4", "Syntax: RCPT TO:<address>")
BAD_SENDER: Final = Reply(501, "5.1.7", "Bad sender address syntax")
BAD_RECIPIENT: Final = Reply(501, "5.1.3", "Bad recipient address syntax")
BAD_PARAMETER: Final = Reply(501, "5.5.4", "Bad parameter syntax")
UNKNOWN_PARAMETER: Final = Reply(555, "5.5.4", "Parameter not recognized")
NEEDS_SMTPUTF8: Final = Reply(553, "5.6.7", "Address needs SMTPUTF8")
NOT_OFFERED: Final = Reply(502, "5.5.1", "Command not offered")
LHLO_FIRST: Final = Reply(503, "5.5.1", "Say LHLO first")
MAIL_FIRST: Final = Reply(503, "5.5.1", "Say MAIL first")
MAIL_TWICE: Final = Reply(503, "5.5.1", "A transaction is open already")
NO_RECIPIENTS: Final = Reply(503, "5.5.1", "No valid recipients")
TOO_MANY_RECIPIENTS: Final = Reply(452, "4.5.3", "Too many recipients in one transaction")

SHUTTING_DOWN: Final = Reply(421, "4.3.2", "Shutting down, please come back")
CROWDED: Final = Reply(421, "4.3.2", "Too many connections here, please come back later")
EVICTED: Final = Reply(421, "4.3.2", "Idle, and somebody else needs the place")
TIME_IS_UP: Final = Reply(421, "4.4.2", "Time is up")
TOO_MANY_ERRORS: Final = Reply(421, "4.7.0", "Too many errors")
BROKEN: Final = Reply(421, "4.3.0", "Local trouble here, please try again later")
