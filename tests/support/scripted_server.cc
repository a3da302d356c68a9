#include "support/scripted_server.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <sstream>

namespace firebreak {
namespace {

std::string decode(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

// False where the peer closed before a whole request had come.
bool readRequest(int fd, std::string* buffer, ScriptedServer::Request* out) {
  const auto more = [&] {
    char chunk[4096];
    const ssize_t size = recv(fd, chunk, sizeof chunk, 0);
    if (size <= 0) return false;
    buffer->append(chunk, static_cast<size_t>(size));
    return true;
  };
  size_t end = 0;
  while ((end = buffer->find("\r\n\r\n")) == std::string::npos) {
    if (!more()) return false;
  }
  std::istringstream head(buffer->substr(0, end));
  std::string target;
  std::string line;
  std::getline(head, line);
  std::istringstream(line) >> out->method >> target;
  while (std::getline(head, line)) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    const size_t colon = line.find(": ");
    std::string name = line.substr(0, colon);
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return static_cast<char>(std::tolower(c)); });
    if (colon != std::string::npos) out->headers[name] = line.substr(colon + 2);
  }
  const size_t length =
      out->headers.contains("content-length") ? std::stoul(out->headers["content-length"]) : 0;
  while (buffer->size() < end + 4 + length) {
    if (!more()) return false;
  }
  out->body = buffer->substr(end + 4, length);
  buffer->erase(0, end + 4 + length);
  const size_t mark = target.find('?');
  out->path = target.substr(0, mark);
  std::istringstream query(mark == std::string::npos ? "" : target.substr(mark + 1));
  for (std::string part; std::getline(query, part, '&');) {
    const size_t equals = part.find('=');
    out->query[part.substr(0, equals)] =
        equals == std::string::npos ? "" : decode(part.substr(equals + 1));
  }
  return true;
}

}  // namespace

void ScriptedServer::Connection::send(std::string_view bytes) {
  while (open_ && !bytes.empty()) {
    const ssize_t size = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (size <= 0) {
      open_ = false;
      return;
    }
    bytes.remove_prefix(static_cast<size_t>(size));
  }
}

void ScriptedServer::Connection::sendBytewise(std::string_view bytes) {
  for (const char c : bytes) send(std::string_view(&c, 1));
}

void ScriptedServer::Connection::answer(int status, std::string_view body,
                                        std::string_view moreHeaders) {
  send("HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Type: application/json\r\n" +
       std::string(moreHeaders) + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
       std::string(body));
}

void ScriptedServer::Connection::head(int status) {
  send("HTTP/1.1 " + std::to_string(status) +
       " X\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
}

void ScriptedServer::Connection::chunk(std::string_view bytes, bool bytewise) {
  char size[32];
  if (bytewise) {
    for (const char c : bytes) chunk(std::string_view(&c, 1));
    return;
  }
  std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
  send(size + std::string(bytes) + "\r\n");
}

void ScriptedServer::Connection::finish() { send("0\r\n\r\n"); }

void ScriptedServer::Connection::cut() {
  if (open_) shutdown(fd_, SHUT_RDWR);
  open_ = false;
}

void ScriptedServer::Connection::reset() {
  const linger hard{1, 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  open_ = false;  // serve() closes it, which now sends a RST
}

void ScriptedServer::Connection::waitClosed() {
  char byte = 0;
  while (open_) {
    if (recv(fd_, &byte, 1, 0) <= 0) open_ = false;
  }
}

ScriptedServer::ScriptedServer(Handler handler)
    : handler_(std::move(handler)), listener_([this](int fd) { serve(fd); }) {}

void ScriptedServer::serve(int fd) {
  Connection connection(fd);
  std::string buffer;
  Request request;
  while (connection.open_ && readRequest(fd, &buffer, &request)) {
    {
      std::lock_guard lock(mutex_);
      requests_.push_back(request);
      changed_.notify_all();
    }
    handler_(request, connection);
    request = Request{};
  }
}

std::vector<ScriptedServer::Request> ScriptedServer::requests() const {
  std::lock_guard lock(mutex_);
  return requests_;
}

bool ScriptedServer::waitForRequests(size_t count) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::seconds(10),
                           [&] { return requests_.size() >= count; });
}

}  // namespace firebreak
