"""Mail that mlcore itself writes: complete messages, in the language of who reads them."""
