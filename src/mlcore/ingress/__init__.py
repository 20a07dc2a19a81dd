"""Floor 3: LMTP in. `server` listens, `session` talks, `data` finds the dot, `route` names the queue, and an
`accept.Acceptor` makes it durable before anybody hears 250."""
