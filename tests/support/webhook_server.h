// An HTTPS server on 127.0.0.1 with a certificate of its own making; answers are the test's. One
// request a connection.
#pragma once

#include <openssl/ssl.h>

#include <cctype>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "support/loopback_listener.h"
#include "support/test_pki.h"

namespace firebreak::testing {

class WebhookServer {
 public:
  struct Request {
    std::map<std::string, std::string> headers;  // lower-case names
    std::string body;
  };
  // The bytes of the answer, head and all; empty = the connection is cut.
  using Handler = std::function<std::string(const Request&)>;

  explicit WebhookServer(Handler handler)
      : handler_(std::move(handler)), listener_([this](int fd) { serve(fd); }) {}

  std::string url() const {
    return "https://127.0.0.1:" + std::to_string(listener_.port()) + "/rotate";
  }
  // Of the authority that vouches for it.
  const std::string& certificate() const { return authority_.certPem(); }
  std::vector<Request> requests() const {
    std::lock_guard lock(mutex_);
    return requests_;
  }
  static std::string answer(int status, const std::string& body) {
    return "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" + body;
  }

 private:
  void serve(int fd) {
    SSL* ssl = SSL_new(context_.get());
    SSL_set_fd(ssl, fd);
    if (SSL_accept(ssl) == 1) exchange(ssl);
    SSL_free(ssl);
  }

  void exchange(SSL* ssl) {
    std::string text;
    Request request;
    size_t length = 0;
    size_t head = std::string::npos;
    char chunk[4096];
    while (head == std::string::npos || text.size() < head + 4 + length) {
      int count = SSL_read(ssl, chunk, sizeof(chunk));
      if (count <= 0) return;
      text.append(chunk, static_cast<size_t>(count));
      if (head == std::string::npos && (head = text.find("\r\n\r\n")) != std::string::npos) {
        parseHead(text.substr(0, head), &request);
        length = std::stoul("0" + request.headers["content-length"]);
      }
    }
    request.body = text.substr(head + 4);
    {
      std::lock_guard lock(mutex_);
      requests_.push_back(request);
    }
    std::string answer = handler_(request);
    if (!answer.empty()) SSL_write(ssl, answer.data(), static_cast<int>(answer.size()));
    SSL_shutdown(ssl);
  }

  static void parseHead(const std::string& text, Request* request) {
    for (size_t at = text.find("\r\n"); at != std::string::npos;) {
      size_t start = at + 2;
      size_t end = text.find("\r\n", start);
      std::string line = text.substr(start, end == std::string::npos ? end : end - start);
      size_t colon = line.find(": ");
      if (colon != std::string::npos) {
        std::string name = line.substr(0, colon);
        for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        request->headers[name] = line.substr(colon + 2);
      }
      at = end;
    }
  }

  const Handler handler_;
  // Another name than the server's, which would pass for self-signed.
  const TestAuthority authority_{"authority"};
  const ServerContext context_ = serverContext(authority_.issue("webhook", "IP:127.0.0.1"));
  mutable std::mutex mutex_;
  std::vector<Request> requests_;
  LoopbackListener listener_;  // last: its threads use the rest
};

}  // namespace firebreak::testing
