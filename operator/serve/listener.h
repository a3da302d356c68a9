// The HTTP server itself, as it runs in its own process: GET /healthz, /readyz and /metrics, each
// asked of the operator over `fd` and answered 503 where no answer comes by the deadline. Called in
// the process that dropRights() made harmless; returns its exit code.
#pragma once

#include <chrono>
#include <string>

namespace firebreak::serve {

// `address` is "host:port" with an IPv4 host. Runs until `fd` is closed at the other end.
int runListener(int fd, const std::string& address, std::chrono::milliseconds deadline);

// The port is taken or the address is wrong: starting it again does not help.
inline constexpr int kExitCannotListen = 3;

}  // namespace firebreak::serve
