"""The console: what people look at and act on in a browser, served beside the API.

Pages are made on the server from the same edition, decisions and sections that the API, the list
of a campaign and the report are made of; nothing on them asks anybody else for anything.
"""
