#include "sensor/netns_probe.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "sensor/netns_child.h"

namespace firebreak::sensor {
namespace {

struct Address {
  sockaddr_storage storage = {};
  socklen_t length = 0;
};

bool parseAddress(std::string_view target, Address* out) {
  const size_t colon = target.rfind(':');
  if (colon == target.npos) return false;
  uint16_t port = 0;
  const std::string_view portText = target.substr(colon + 1);
  const auto [stop, error] = std::from_chars(portText.data(), portText.data() + portText.size(), port);
  if (error != std::errc() || stop != portText.data() + portText.size()) return false;
  std::string host(target.substr(0, colon));
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  sockaddr_in v4 = {};
  sockaddr_in6 v6 = {};
  if (inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    std::memcpy(&out->storage, &v4, sizeof(v4));
    out->length = sizeof(v4);
    return true;
  }
  if (inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    std::memcpy(&out->storage, &v6, sizeof(v6));
    out->length = sizeof(v6);
    return true;
  }
  return false;
}

Reach reachOf(int error) {
  if (error == 0) return Reach::kOpen;
  return error == ECONNREFUSED || error == ECONNRESET ? Reach::kRefused : Reach::kBlocked;
}

}  // namespace

std::vector<ProbeAnswer> tryConnects(const std::vector<std::string>& targets,
                                     std::chrono::milliseconds timeout) {
  std::vector<ProbeAnswer> answers;
  std::vector<OwnedFd> sockets;
  std::vector<pollfd> waiting;
  std::vector<size_t> answerOf;
  for (const std::string& target : targets) {
    Address address;
    if (!parseAddress(target, &address)) continue;
    answers.push_back({target, Reach::kBlocked});
    OwnedFd fd(socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) continue;
    if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.length) == 0) {
      answers.back().reach = Reach::kOpen;
    } else if (errno == EINPROGRESS) {
      waiting.push_back({fd.get(), POLLOUT, 0});
      answerOf.push_back(answers.size() - 1);
      sockets.push_back(std::move(fd));
    } else {
      answers.back().reach = reachOf(errno);
    }
  }
  const auto end = std::chrono::steady_clock::now() + timeout;
  size_t open = waiting.size();
  while (open > 0) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        end - std::chrono::steady_clock::now());
    if (left.count() <= 0) break;
    if (poll(waiting.data(), waiting.size(), static_cast<int>(left.count())) <= 0) continue;
    for (size_t i = 0; i < waiting.size(); ++i) {
      if (waiting[i].fd < 0 || waiting[i].revents == 0) continue;
      int error = 0;
      socklen_t length = sizeof(error);
      getsockopt(waiting[i].fd, SOL_SOCKET, SO_ERROR, &error, &length);
      answers[answerOf[i]].reach = reachOf(error);
      waiting[i].fd = -1;  // poll() leaves it out
      --open;
    }
  }
  return answers;
}

std::string answersToText(const std::vector<ProbeAnswer>& answers) {
  constexpr std::array<char, 3> kLetters = {'o', 'r', 'b'};
  std::string text;
  for (const ProbeAnswer& answer : answers) {
    text += kLetters[static_cast<size_t>(answer.reach)];
    text += answer.target + "\n";
  }
  return text;
}

std::vector<ProbeAnswer> answersFromText(std::string_view text) {
  std::vector<ProbeAnswer> answers;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.size() < 2) continue;
    const Reach reach = line[0] == 'o' ? Reach::kOpen : line[0] == 'r' ? Reach::kRefused : Reach::kBlocked;
    answers.push_back({std::string(line.substr(1)), reach});
  }
  return answers;
}

}  // namespace firebreak::sensor
