// What the stand-ins share: one listening and one connecting socket, IPv4, numeric addresses.
#pragma once

// A listening socket on all addresses; ends the program where the port is taken.
int listenOn(int port);

// A connected socket, or -1 where nobody takes the connection within `seconds`.
int connectTo(const char* host, int port, int seconds);
