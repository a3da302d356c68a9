#include "sensor/sock_diag.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "sensor/netns_child.h"

namespace firebreak::sensor {
namespace {

// net/tcp_states.h of the kernel.
constexpr uint32_t kEstablished = 1;
constexpr uint32_t kTimeWait = 6;
constexpr uint32_t kClose = 7;
constexpr uint32_t kListen = 10;
constexpr uint32_t kAllStates = 0xfff;

struct Request {
  nlmsghdr header;
  inet_diag_req_v2 body;
};

struct Row {
  inet_diag_msg message;
  uint8_t protocol;
};

// NLMSG_DATA without its old-style cast.
const char* payload(const nlmsghdr* header) {
  return reinterpret_cast<const char*>(header) + NLMSG_HDRLEN;
}

Status send(int fd, const Request& request) {
  sockaddr_nl kernel = {};
  kernel.nl_family = AF_NETLINK;
  const auto* address = reinterpret_cast<const sockaddr*>(&kernel);
  if (sendto(fd, &request, sizeof(request), 0, address, sizeof(kernel)) < 0) {
    return fail(ErrorCode::kForbidden, std::string("ask for sockets: ") + std::strerror(errno));
  }
  return {};
}

Status dump(int fd, uint8_t family, uint8_t protocol, std::vector<Row>* rows) {
  Request request = {};
  request.header.nlmsg_len = sizeof(request);
  request.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  request.body.sdiag_family = family;
  request.body.sdiag_protocol = protocol;
  // UDP knows only established (connected) and closed.
  request.body.idiag_states = protocol == IPPROTO_UDP ? 1U << kEstablished
                                                      : kAllStates & ~(1U << kTimeWait) & ~(1U << kClose);
  if (auto sent = send(fd, request); !sent) return sent;
  alignas(nlmsghdr) std::array<char, 65536> buffer;
  while (true) {
    const ssize_t got = recv(fd, buffer.data(), buffer.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return fail(ErrorCode::kInternal, std::string("list sockets: ") + std::strerror(errno));
    auto left = static_cast<size_t>(got);
    for (auto* header = reinterpret_cast<nlmsghdr*>(buffer.data()); NLMSG_OK(header, left);
         header = NLMSG_NEXT(header, left)) {
      if (header->nlmsg_type == NLMSG_DONE) return {};
      if (header->nlmsg_type == NLMSG_ERROR) {
        nlmsgerr error = {};
        std::memcpy(&error, payload(header), sizeof(error));
        // A kernel without this family has no such sockets.
        if (error.error == -ENOENT || error.error == -EOPNOTSUPP) return {};
        return fail(ErrorCode::kForbidden, std::string("list sockets: ") + std::strerror(-error.error));
      }
      if (header->nlmsg_len < NLMSG_LENGTH(sizeof(inet_diag_msg))) continue;
      Row row = {};
      std::memcpy(&row.message, payload(header), sizeof(row.message));
      row.protocol = protocol;
      rows->push_back(row);
    }
  }
}

bool destroySocket(int fd, const Row& row) {
  Request request = {};
  request.header.nlmsg_len = sizeof(request);
  request.header.nlmsg_type = SOCK_DESTROY;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
  request.body.sdiag_family = row.message.idiag_family;
  request.body.sdiag_protocol = row.protocol;
  request.body.idiag_states = 1U << row.message.idiag_state;
  request.body.id = row.message.id;  // with its cookie: this socket and no other
  if (!send(fd, request)) return false;
  alignas(nlmsghdr) std::array<char, 1024> buffer;
  const ssize_t got = recv(fd, buffer.data(), buffer.size(), 0);
  const auto* header = reinterpret_cast<const nlmsghdr*>(buffer.data());
  if (got < static_cast<ssize_t>(NLMSG_LENGTH(sizeof(nlmsgerr))) || header->nlmsg_type != NLMSG_ERROR) {
    return false;
  }
  nlmsgerr error = {};
  std::memcpy(&error, payload(header), sizeof(error));
  return error.error == 0 || error.error == -ENOENT;  // gone by itself is as good
}

bool isLoopback(uint8_t family, const uint32_t* address) {
  if (family == AF_INET) return (ntohl(address[0]) >> 24) == 127;
  const bool mapped = address[0] == 0 && address[1] == 0 && address[2] == htonl(0xffff);
  if (mapped) return (ntohl(address[3]) >> 24) == 127;
  return address[0] == 0 && address[1] == 0 && address[2] == 0 && address[3] == htonl(1);
}

std::string endpoint(uint8_t family, const uint32_t* address, uint16_t port) {
  std::array<char, INET6_ADDRSTRLEN> text = {};
  const bool mapped = family == AF_INET6 && address[0] == 0 && address[1] == 0 && address[2] == htonl(0xffff);
  if (family == AF_INET || mapped) {
    inet_ntop(AF_INET, mapped ? address + 3 : address, text.data(), text.size());
    return std::string(text.data()) + ":" + std::to_string(ntohs(port));
  }
  inet_ntop(AF_INET6, address, text.data(), text.size());
  return "[" + std::string(text.data()) + "]:" + std::to_string(ntohs(port));
}

}  // namespace

Result<std::vector<Flow>> connectedSockets(bool destroy, const std::set<uint64_t>* onlyInodes) {
  const OwnedFd fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
  if (!fd) return fail(ErrorCode::kForbidden, std::string("open NETLINK_SOCK_DIAG: ") + std::strerror(errno));
  const timeval timeout{2, 0};
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
  std::vector<Row> rows;
  for (const uint8_t family : {uint8_t{AF_INET}, uint8_t{AF_INET6}}) {
    for (const uint8_t protocol : {uint8_t{IPPROTO_TCP}, uint8_t{IPPROTO_UDP}}) {
      if (auto listed = dump(fd.get(), family, protocol, &rows); !listed) {
        return tl::unexpected<Error>(listed.error());
      }
    }
  }
  std::set<uint16_t> listening;
  for (const Row& row : rows) {
    if (row.protocol == IPPROTO_TCP && row.message.idiag_state == kListen) {
      listening.insert(row.message.id.idiag_sport);
    }
  }
  std::vector<Flow> flows;
  for (const Row& row : rows) {
    const inet_diag_sockid& id = row.message.id;
    const uint8_t family = row.message.idiag_family;
    if (row.protocol == IPPROTO_TCP && row.message.idiag_state == kListen) continue;
    if (isLoopback(family, id.idiag_src) && isLoopback(family, id.idiag_dst)) continue;
    if (onlyInodes != nullptr && !onlyInodes->contains(row.message.idiag_inode)) continue;
    Flow flow;
    flow.protocol = row.protocol == IPPROTO_TCP ? "tcp" : "udp";
    flow.local = endpoint(family, id.idiag_src, id.idiag_sport);
    flow.remote = endpoint(family, id.idiag_dst, id.idiag_dport);
    flow.established = row.message.idiag_state == kEstablished;
    flow.outgoing = !listening.contains(id.idiag_sport);
    if (destroy) flow.destroyed = destroySocket(fd.get(), row);
    flows.push_back(std::move(flow));
  }
  return flows;
}

std::string flowsToText(const std::vector<Flow>& flows) {
  std::string text;
  for (const Flow& flow : flows) {
    text += flow.protocol + " " + flow.local + " " + flow.remote + (flow.outgoing ? " 1" : " 0") +
            (flow.established ? "1" : "0") + (flow.destroyed ? "1\n" : "0\n");
  }
  return text;
}

std::vector<Flow> flowsFromText(std::string_view text) {
  std::vector<Flow> flows;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    std::vector<std::string_view> words;
    for (std::string_view rest = line; !rest.empty();) {
      words.push_back(rest.substr(0, rest.find(' ')));
      rest.remove_prefix(std::min(rest.size(), words.back().size() + 1));
    }
    if (words.size() != 4 || words[3].size() != 3) continue;
    flows.push_back({std::string(words[0]), std::string(words[1]), std::string(words[2]),
                     words[3][0] == '1', words[3][1] == '1', words[3][2] == '1'});
  }
  return flows;
}

}  // namespace firebreak::sensor
