"""Drive a real nginx over real sockets: the server, an upstream, a client, and every road.

`nginx` starts servers, `upstream` is the peer they proxy to, `client` and `http2` speak to them,
`roads` lists the ways a response can reach a body filter, `memory` measures workers and `builds`
finds the nginx binaries under test.
"""
