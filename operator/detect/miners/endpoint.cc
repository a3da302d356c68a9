#include "detect/miners/endpoint.h"

#include <algorithm>
#include <cctype>

namespace firebreak::detect {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

bool isHostChar(unsigned char c) {
  return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_' || c == '$' || c == '(' ||
         c == ')' || c == '{' || c == '}';
}

// Parentheses and braces only as part of a variable that was left alone.
bool isHost(std::string_view host) {
  if (host.empty() || host.size() > 253) return false;
  if (host.starts_with('[')) return host.ends_with(']') && host.size() > 4;
  if (!std::all_of(host.begin(), host.end(), isHostChar)) return false;
  bool variable = host.find('$') != std::string_view::npos;
  return variable || host.find_first_of("(){}") == std::string_view::npos;
}

}  // namespace

std::optional<PoolEndpoint> parseEndpoint(std::string_view word) {
  PoolEndpoint endpoint;
  size_t scheme = word.find("://");
  if (scheme != std::string_view::npos) {
    endpoint.scheme = lower(word.substr(0, scheme));
    bool valid = !endpoint.scheme.empty() &&
                 std::all_of(endpoint.scheme.begin(), endpoint.scheme.end(), [](unsigned char c) {
                   return std::isalnum(c) != 0 || c == '+' || c == '-' || c == '.';
                 });
    if (!valid) return std::nullopt;
    word.remove_prefix(scheme + 3);
  }
  size_t end = word.find_first_of("/?#");
  if (end != std::string_view::npos) {
    if (endpoint.scheme.empty() && word.substr(end) != "/") return std::nullopt;  // a path
    word = word.substr(0, end);
  }
  size_t at = word.rfind('@');
  if (at != std::string_view::npos) {
    endpoint.userInfo = std::string(word.substr(0, at));
    word.remove_prefix(at + 1);
  }
  size_t colon = word.rfind(':');
  bool bracketed = word.starts_with('[') && word.ends_with(']');
  if (colon != std::string_view::npos && !bracketed) {
    std::string_view port = word.substr(colon + 1);
    bool digits =
        !port.empty() && port.size() <= 5 &&
        std::all_of(port.begin(), port.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
    bool variable = port.starts_with('$');
    if (!digits && !variable) return std::nullopt;
    if (digits) endpoint.port = std::stoi(std::string(port));
    if (endpoint.port > 65535) return std::nullopt;
    word = word.substr(0, colon);
  }
  if (!isHost(word)) return std::nullopt;
  endpoint.host = lower(word);
  while (endpoint.host.size() > 1 && endpoint.host.ends_with('.')) endpoint.host.pop_back();
  return endpoint;
}

std::vector<std::string_view> splitList(std::string_view value) {
  std::vector<std::string_view> parts;
  size_t pos = 0;
  while (pos < value.size()) {
    size_t end = value.find_first_of(", ;\t\n\r", pos);
    if (end == std::string_view::npos) end = value.size();
    if (end > pos) parts.push_back(value.substr(pos, end - pos));
    pos = end + 1;
  }
  return parts;
}

bool isUnderDomain(std::string_view host, std::string_view domain) {
  if (!host.ends_with(domain)) return false;
  return host.size() == domain.size() || host[host.size() - domain.size() - 1] == '.';
}

std::string describe(const PoolEndpoint& endpoint) {
  return endpoint.port == 0 ? endpoint.host : endpoint.host + ':' + std::to_string(endpoint.port);
}

}  // namespace firebreak::detect
