// ScriptedServer: an HTTP/1.1 server on loopback whose answers are written byte for byte by the
// test. One thread per connection runs the handler for each request; a handler may stall, cut or
// reset as it likes.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "support/loopback_listener.h"

namespace firebreak {

class ScriptedServer {
 public:
  struct Request {
    std::string method;
    std::string path;  // without query
    std::map<std::string, std::string> query;
    std::map<std::string, std::string> headers;  // lower-case names
    std::string body;
  };

  class Connection {
   public:
    void send(std::string_view bytes);
    void sendBytewise(std::string_view bytes);
    // A whole answer.
    void answer(int status, std::string_view body, std::string_view moreHeaders = "");
    // An answer of unknown length: the head, then any number of chunks, then finish() or a cut.
    void head(int status = 200);
    void chunk(std::string_view bytes, bool bytewise = false);
    void finish();
    // Ends the connection with a FIN, or with a RST.
    void cut();
    void reset();
    // Until the peer or the server's end closes it.
    void waitClosed();
    bool open() const { return open_; }

   private:
    friend class ScriptedServer;
    explicit Connection(int fd) : fd_(fd) {}
    int fd_;
    bool open_ = true;
  };

  using Handler = std::function<void(const Request&, Connection&)>;

  explicit ScriptedServer(Handler handler);
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(listener_.port()); }
  // Every request so far, in the order in which they came.
  std::vector<Request> requests() const;
  // False where they did not come within ten seconds.
  bool waitForRequests(size_t count);

 private:
  void serve(int fd);

  const Handler handler_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Request> requests_;
  LoopbackListener listener_;  // last: its threads use the rest
};

}  // namespace firebreak
