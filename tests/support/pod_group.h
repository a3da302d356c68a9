// PodGroup: cgroups of a pod's shape on this machine, in the hierarchies that say which pod a process belongs
// to. Needs root. Its end kills what runs in them and removes them.
#pragma once

#include <signal.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace firebreak {

class PodGroup {
 public:
  static constexpr char kMount[] = "/sys/fs/cgroup";

  // `root` is the part above kubepods, of one level.
  PodGroup(const std::string& root, const std::string& uid) {
    namespace fs = std::filesystem;
    const std::string mount = kMount;
    const std::string pod = "/" + root + "/kubepods/besteffort/pod" + uid + "/" + std::string(64, 'c');
    if (fs::exists(mount + "/cgroup.controllers")) {
      folders_ = {mount + pod};
    } else if (fs::exists(mount + "/pids")) {
      folders_ = {mount + "/pids" + pod};
      if (fs::exists(mount + "/unified/cgroup.controllers")) folders_.push_back(mount + "/unified" + pod);
    }
    for (const std::string& folder : folders_) {
      std::error_code error;
      fs::create_directories(folder, error);
      made_ = made_ && !error;
    }
    top_ = "/" + root;
  }
  PodGroup(const PodGroup&) = delete;
  PodGroup& operator=(const PodGroup&) = delete;
  ~PodGroup() {
    limit(1);
    for (int i = 0; i < 1000 && !killAll(); ++i) usleep(10000);
    for (std::string folder : folders_) {
      // Up to the root, which another pod may still need.
      for (; folder.find(top_) != std::string::npos; folder = folder.substr(0, folder.rfind('/'))) {
        for (int i = 0; i < 30 && rmdir(folder.c_str()) != 0 && errno == EBUSY; ++i) usleep(10000);
      }
    }
  }

  bool made() const { return made_ && !folders_.empty(); }
  // The calling process and what it forks from now on belong to the pod.
  void join() const { writeAll("/cgroup.procs", 0); }
  void limit(int processes) const { writeAll("/pids.max", processes); }

 private:
  void writeAll(const char* file, int value) const {
    for (const std::string& folder : folders_) {
      if (std::filesystem::exists(folder + file)) std::ofstream(folder + file) << value;
    }
  }
  bool killAll() const {
    bool empty = true;
    for (const std::string& folder : folders_) {
      std::ifstream list(folder + "/cgroup.procs");
      for (pid_t pid = 0; list >> pid;) {
        kill(pid, SIGKILL);
        empty = false;
      }
    }
    return empty;
  }

  std::vector<std::string> folders_;
  std::string top_;
  bool made_ = true;
};

}  // namespace firebreak
