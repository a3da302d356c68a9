#include "sensor/procfs.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>

namespace firebreak::sensor {
namespace {

ErrorCode codeOf(int error) {
  // ESRCH: the process ended between open and read.
  if (error == ENOENT || error == ESRCH || error == ENOTDIR) return ErrorCode::kNotFound;
  if (error == EACCES || error == EPERM) return ErrorCode::kForbidden;
  return ErrorCode::kInternal;
}

tl::unexpected<Error> failed(const char* verb, const std::string& path, int error) {
  return fail(codeOf(error), std::string(verb) + " " + path + ": " + std::strerror(error));
}

struct CloseDir {
  void operator()(DIR* dir) const { closedir(dir); }
};
using Dir = std::unique_ptr<DIR, CloseDir>;

bool parsePid(const char* name, pid_t* out) {
  const char* end = name + std::strlen(name);
  const auto [stop, error] = std::from_chars(name, end, *out);
  return error == std::errc() && stop == end && *out > 0;
}

Result<std::string> readLink(const std::string& path) {
  std::string target(4096, '\0');
  const ssize_t length = readlink(path.c_str(), target.data(), target.size());
  if (length < 0) return failed("read link", path, errno);
  target.resize(static_cast<size_t>(length));
  return target;
}

}  // namespace

ProcFs::ProcFs(std::string root) : root_(std::move(root)) {}

Result<std::vector<pid_t>> ProcFs::pids() const {
  const Dir dir(opendir(root_.c_str()));
  if (dir == nullptr) return failed("list", root_, errno);
  std::vector<pid_t> pids;
  while (const dirent* entry = readdir(dir.get())) {
    pid_t pid = 0;
    if (parsePid(entry->d_name, &pid)) pids.push_back(pid);
  }
  return pids;
}

std::vector<pid_t> ProcFs::threads(pid_t pid, size_t limit) const {
  std::vector<pid_t> threads;
  const Dir dir(opendir(path(pid, "task").c_str()));
  if (dir == nullptr) return threads;
  while (const dirent* entry = readdir(dir.get())) {
    pid_t thread = 0;
    if (threads.size() < limit && parsePid(entry->d_name, &thread)) threads.push_back(thread);
  }
  return threads;
}

std::string ProcFs::path(pid_t pid, std::string_view file) const {
  std::string path = root_;
  path.append("/").append(std::to_string(pid)).append("/").append(file);
  return path;
}

Result<std::string> ProcFs::read(pid_t pid, std::string_view file, size_t limit) const {
  return readFile(path(pid, file), limit);
}

Result<std::string> ProcFs::readTop(std::string_view file, size_t limit) const {
  return readFile(root_ + "/" + std::string(file), limit);
}

Result<std::string> ProcFs::link(pid_t pid, std::string_view name) const {
  return readLink(path(pid, name));
}

std::vector<std::string> ProcFs::descriptors(pid_t pid) const {
  const std::string folder = path(pid, "fd");
  std::vector<std::string> targets;
  const Dir dir(opendir(folder.c_str()));
  if (dir == nullptr) return targets;
  // A process may hold a million descriptors; nobody needs more than this many to be judged.
  constexpr size_t kLimit = 4096;
  while (const dirent* entry = readdir(dir.get())) {
    if (entry->d_name[0] == '.' || targets.size() >= kLimit) continue;
    if (auto target = readLink(folder + "/" + entry->d_name)) {
      targets.push_back(std::move(*target));
    }
  }
  return targets;
}

Result<std::string> readFile(const std::string& path, size_t limit) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0) return failed("open", path, errno);
  std::string text;
  char buffer[16384];
  while (text.size() < limit) {
    const ssize_t got = ::read(fd, buffer, std::min(sizeof(buffer), limit - text.size()));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      const int error = errno;
      close(fd);
      return failed("read", path, error);
    }
    if (got == 0) break;
    text.append(buffer, static_cast<size_t>(got));
  }
  close(fd);
  return text;
}

}  // namespace firebreak::sensor
