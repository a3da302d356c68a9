#include "sensor/netns_child.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>

#include "sensor/pod_of_process.h"

namespace firebreak::sensor {
namespace {

// A pod rarely has a second one (containers in a container); nobody has more than this.
constexpr size_t kMostNetworks = 16;

bool belongsTo(const ProcFs& proc, pid_t pid, std::string_view podUid) {
  const auto cgroup = proc.read(pid, "cgroup", 16384);
  if (!cgroup) return false;
  const auto place = podOfAnyRoot(*cgroup);
  return place && place->podUid == podUid;
}

void writeAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t wrote = write(fd, text.data(), text.size());
    if (wrote <= 0) return;
    text.remove_prefix(static_cast<size_t>(wrote));
  }
}

bool joinGroup(const std::string& group) {
  // In a cgroup namespace of its own a process may not leave it; init's is the whole tree.
  const OwnedFd whole(open("/proc/1/ns/cgroup", O_RDONLY | O_CLOEXEC));
  if (whole) (void)setns(whole.get(), CLONE_NEWCGROUP);
  const int fd = open((group + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool joined = write(fd, "0", 1) == 1;
  close(fd);
  return joined;
}

// A child that another thread forked meanwhile must not hold the write end of this one's pipe.
void closeAllBut(int one, int other) {
  const auto low = static_cast<unsigned>(std::min(one, other));
  const auto high = static_cast<unsigned>(std::max(one, other));
  if (low > 3) close_range(3, low - 1, 0);
  if (high > low + 1) close_range(low + 1, high - 1, 0);
  close_range(high + 1, ~0U, 0);
}

// The first byte of the answer: '+' the body's text follows, '!' a fault.
[[noreturn]] void child(int out, int networkFd, const std::string& group,
                        const std::function<std::string()>& body) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  closeAllBut(out, networkFd);
  if (setns(networkFd, CLONE_NEWNET) != 0) {
    writeAll(out, std::string("!enter the network namespace: ") + std::strerror(errno));
  } else if (!group.empty() && !joinGroup(group)) {
    writeAll(out, "!join " + group + ": " + std::strerror(errno));
  } else {
    writeAll(out, "+" + body());
  }
  _exit(0);
}

}  // namespace

OwnedFd::~OwnedFd() {
  if (fd_ >= 0) close(fd_);
}
OwnedFd::OwnedFd(OwnedFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
OwnedFd& OwnedFd::operator=(OwnedFd&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

Result<std::vector<PodNetwork>> podNetworks(const ProcFs& proc, const CgroupTree& cgroups,
                                            std::string_view podUid) {
  const std::vector<pid_t> members = cgroups.processes(podUid);
  if (members.empty()) {
    return fail(ErrorCode::kNotFound, "pod " + std::string(podUid) + " has no process on this node");
  }
  std::vector<PodNetwork> networks;
  std::set<std::string> known;
  std::string lastError;
  for (const pid_t pid : members) {
    const auto name = proc.link(pid, "ns/net");
    if (!name) {
      if (name.error().code != ErrorCode::kNotFound) lastError = name.error().message;
      continue;
    }
    if (known.contains(*name) || networks.size() >= kMostNetworks) continue;
    OwnedFd fd(open(proc.path(pid, "ns/net").c_str(), O_RDONLY | O_CLOEXEC));
    // The pid may be somebody else's by now: what was opened counts, so look again.
    if (!fd || !belongsTo(proc, pid, podUid)) continue;
    // By what was opened: its process may have gone elsewhere since its link was read.
    struct stat opened = {};
    if (fstat(fd.get(), &opened) != 0) continue;
    std::string inside = "net:[" + std::to_string(opened.st_ino) + "]";
    if (known.insert(inside).second) networks.push_back({std::move(fd), std::move(inside)});
  }
  if (networks.empty()) {
    return fail(ErrorCode::kForbidden, "the network namespaces of pod " + std::string(podUid) +
                                           " cannot be opened: " + lastError);
  }
  return networks;
}

std::set<std::string> sharedNetworks(const ProcFs& proc, const CgroupTree& cgroups,
                                     std::string_view podUid, const std::set<std::string>& names) {
  const std::vector<pid_t> members = cgroups.processes(podUid);
  const std::set<pid_t> own(members.begin(), members.end());
  std::set<std::string> shared;
  const auto all = proc.pids();
  if (!all) return names;  // to be careful
  for (const pid_t pid : *all) {
    if (own.contains(pid)) continue;
    const auto name = proc.link(pid, "ns/net");
    if (!name || !names.contains(*name) || shared.contains(*name)) continue;
    // A process that was born into the pod after the list was made is no stranger.
    if (!belongsTo(proc, pid, podUid)) shared.insert(*name);
  }
  return shared;
}

Result<std::string> runInNetwork(int networkFd, const std::string& group,
                                 std::chrono::milliseconds deadline,
                                 const std::function<std::string()>& body) {
  int ends[2] = {-1, -1};
  if (pipe2(ends, O_CLOEXEC) != 0) {
    return fail(ErrorCode::kInternal, std::string("make a pipe: ") + std::strerror(errno));
  }
  OwnedFd readEnd(ends[0]);
  OwnedFd writeEnd(ends[1]);
  const pid_t pid = fork();
  if (pid < 0) return fail(ErrorCode::kInternal, std::string("fork: ") + std::strerror(errno));
  if (pid == 0) child(writeEnd.get(), networkFd, group, body);
  writeEnd = OwnedFd();

  std::string answer;
  const auto end = std::chrono::steady_clock::now() + deadline;
  bool ended = false;
  while (!ended) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        end - std::chrono::steady_clock::now());
    if (left.count() <= 0) break;
    pollfd ready{readEnd.get(), POLLIN, 0};
    const int count = poll(&ready, 1, static_cast<int>(left.count()));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    char buffer[4096];
    const ssize_t got = read(readEnd.get(), buffer, sizeof(buffer));
    if (got > 0) answer.append(buffer, static_cast<size_t>(got));
    ended = got <= 0;
  }
  if (!ended) kill(pid, SIGKILL);
  while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  if (!ended) return fail(ErrorCode::kTimeout, "no answer from within the network namespace in time");
  if (answer.empty()) return fail(ErrorCode::kInternal, "the child in the network namespace ended");
  if (answer[0] != '+') return fail(ErrorCode::kForbidden, answer.substr(1));
  return answer.substr(1);
}

}  // namespace firebreak::sensor
