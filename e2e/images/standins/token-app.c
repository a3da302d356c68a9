// token-app: answers HTTP on port 8080. Where the environment variable TOKEN is set when it starts, 200
// goes to whoever sends "Authorization: Bearer TOKEN" and 401 to everybody else; without it, 200 to all.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "net.h"

static const char kOk[] = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n";
static const char kRefused[] =
    "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

// Reads until the end of the header; what does not fit or come in time is judged as it is.
static void readHeader(int peer, char* text, size_t size) {
  size_t have = 0;
  text[0] = '\0';
  while (have + 1 < size && strstr(text, "\r\n\r\n") == NULL) {
    const ssize_t more = read(peer, text + have, size - 1 - have);
    if (more <= 0) return;
    have += (size_t)more;
    text[have] = '\0';
  }
}

int main(void) {
  signal(SIGTERM, _exit);
  signal(SIGPIPE, SIG_IGN);
  const char* token = getenv("TOKEN");
  char wanted[4096];
  snprintf(wanted, sizeof wanted, "Authorization: Bearer %s\r\n", token != NULL ? token : "");
  const int listener = listenOn(8080);
  for (;;) {
    const int peer = accept(listener, 0, 0);
    if (peer < 0) continue;
    // One client at a time: none may keep the others waiting.
    const struct timeval limit = {.tv_sec = 2};
    setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    char header[8192];
    readHeader(peer, header, sizeof header);
    const char* answer = token == NULL || strstr(header, wanted) != NULL ? kOk : kRefused;
    if (write(peer, answer, strlen(answer)) > 0) shutdown(peer, SHUT_WR);
    close(peer);
  }
}
