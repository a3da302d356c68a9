// Which addresses may be probed at all. Stateless; safe from any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace firebreak::detect {

// An IP literal in its shortest form, an IPv4-mapped IPv6 address as IPv4; empty for host names and
// anything else. Host names are never looked up.
std::optional<std::string> normalAddress(std::string_view text);

// False for what can never be a cluster's console: not an IP literal, loopback, link-local (the
// metadata address 169.254.169.254 among them), unspecified, multicast, broadcast, and the metadata
// addresses that clouds put elsewhere.
bool isProbeableAddress(std::string_view address);

bool isLoopback(std::string_view address);

// "[::1]:80", "10.0.0.1:80".
std::string hostPort(std::string_view address, int port);

}  // namespace firebreak::detect
