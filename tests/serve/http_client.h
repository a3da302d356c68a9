// Real HTTP over loopback for the tests of serve/: one GET through libcurl, and raw bytes through a
// socket where a request is to be malformed. One thread.
#pragma once

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

namespace firebreak::serve_test {

struct HttpAnswer {
  long status = 0;  // 0 = no answer
  std::string body;
};

inline size_t append(char* data, size_t size, size_t count, void* body) {
  static_cast<std::string*>(body)->append(data, size * count);
  return size * count;
}

inline HttpAnswer get(int port, const std::string& path, const char* method = "GET") {
  HttpAnswer answer;
  CURL* curl = curl_easy_init();
  const std::string url = "http://127.0.0.1:" + std::to_string(port) + path;
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 10'000L);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, append);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer.body);
  if (curl_easy_perform(curl) == CURLE_OK) {
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer.status);
  }
  curl_easy_cleanup(curl);
  return answer;
}

inline sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// A listening socket that holds its port until it is closed.
struct HeldPort {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int port = 0;

  HeldPort() {
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (bind(fd, generic, size) == 0 && listen(fd, 1) == 0 &&
        getsockname(fd, generic, &size) == 0) {
      port = ntohs(address.sin_port);
    }
  }
  ~HeldPort() { close(fd); }
  HeldPort(const HeldPort&) = delete;
  HeldPort& operator=(const HeldPort&) = delete;
};

inline int freePort() { return HeldPort().port; }

// Sends a request whose header never ends, until `bytes` are out or the server hangs up; returns
// how many it took.
inline size_t floodHeader(int port, size_t bytes) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  size_t sent = 0;
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    const std::string start = "GET /healthz HTTP/1.1\r\nHost: x\r\nX-Flood: ";
    const std::string block(64 * 1024, 'a');
    (void)!send(fd, start.data(), start.size(), MSG_NOSIGNAL);
    while (sent < bytes) {
      const ssize_t size = send(fd, block.data(), block.size(), MSG_NOSIGNAL);
      if (size <= 0) break;
      sent += static_cast<size_t>(size);
    }
  }
  close(fd);
  return sent;
}

}  // namespace firebreak::serve_test
