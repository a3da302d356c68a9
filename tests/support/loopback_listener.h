// LoopbackListener: takes TCP connections on 127.0.0.1 at a port of its own, with a thread for each.
// The destructor ends every connection and joins; whoever serves has it as the last member, so that
// what the threads use is still there.
#pragma once

#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace firebreak {

class LoopbackListener {
 public:
  // The socket is closed when `serve` returns.
  explicit LoopbackListener(std::function<void(int fd)> serve);
  ~LoopbackListener();
  LoopbackListener(const LoopbackListener&) = delete;
  LoopbackListener& operator=(const LoopbackListener&) = delete;

  int port() const { return port_; }
  // Ends every connection.
  void cutAll();

 private:
  void accept();

  const std::function<void(int fd)> serve_;
  int listener_ = -1;
  int port_ = 0;
  std::mutex mutex_;
  std::vector<int> open_;
  std::vector<std::thread> threads_;
  bool stopping_ = false;
  std::thread acceptor_;
};

}  // namespace firebreak
