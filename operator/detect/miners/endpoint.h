// PoolEndpoint: host and port of a word such as "stratum+tcp://user@pool.example:3333/x" or
// "host:3333". Nothing is ever resolved. Pure; safe from any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace firebreak::detect {

struct PoolEndpoint {
  std::string scheme;    // lower case, empty where the word has none
  std::string userInfo;  // may be a wallet; never shown
  std::string host;      // lower case; an unexpanded variable stays as "$NAME"
  int port = 0;          // 0 = none
};

// Nothing where the word is not, as a whole, an endpoint.
std::optional<PoolEndpoint> parseEndpoint(std::string_view word);

// The words of a value that may be a list: "a:1,b:2", "a:1 b:2".
std::vector<std::string_view> splitList(std::string_view value);

// True where host is the domain or ends with "." and the domain.
bool isUnderDomain(std::string_view host, std::string_view domain);

// "pool.example:3333", for messages.
std::string describe(const PoolEndpoint& endpoint);

}  // namespace firebreak::detect
