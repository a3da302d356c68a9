#include "serve/sandbox.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <vector>

#include "base/core_dumps.h"

namespace firebreak::serve {
namespace {

Error systemError(const char* what) {
  return {ErrorCode::kInternal, std::string(what) + ": " + std::strerror(errno), 0, {}};
}

Status closeAllBut(int keepFd) {
  if (close_range(3, static_cast<unsigned>(keepFd) - 1, 0) != 0 && keepFd > 3) {
    return tl::unexpected(systemError("close_range"));
  }
  if (close_range(static_cast<unsigned>(keepFd) + 1, ~0U, 0) != 0) {
    return tl::unexpected(systemError("close_range"));
  }
  const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null >= 0) {
    dup2(null, STDIN_FILENO);
    close(null);
  }
  return {};
}

// A ruleset that handles every kind of access and grants none. Absent Landlock is not an error.
void closeFilesByLandlock() {
  const long abi =
      syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (abi < 1) return;
  // The numbers of access kinds that each version knows (landlock(7)); the headers of the build
  // machine may be older than the kernel, so they are not taken from there.
  constexpr std::array<int, 5> kFileBits = {13, 14, 15, 15, 16};
  struct {
    uint64_t files;
    uint64_t net;
  } handled{};
  const auto version = static_cast<size_t>(abi > 5 ? 5 : abi);
  handled.files = (uint64_t{1} << kFileBits[version - 1]) - 1;
  size_t size = sizeof handled.files;
  if (abi >= 4) {
    handled.net = uint64_t{1} << 1;  // LANDLOCK_ACCESS_NET_CONNECT_TCP
    size = sizeof handled;
  }
  const long ruleset = syscall(SYS_landlock_create_ruleset, &handled, size, 0);
  if (ruleset < 0) return;
  syscall(SYS_landlock_restrict_self, ruleset, 0);
  close(static_cast<int>(ruleset));
}

#if defined(__x86_64__)
constexpr uint32_t kAuditArch = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr uint32_t kAuditArch = AUDIT_ARCH_AARCH64;
#else
#error "name this machine's AUDIT_ARCH"
#endif

// Opening files, starting programs, connecting out, looking into other processes: nothing that an
// HTTP server with an open port has to do.
constexpr std::array kRefusedCalls = {
#ifdef SYS_open
    SYS_open,
    SYS_creat,
#endif
    SYS_openat,
    SYS_openat2,
    SYS_open_by_handle_at,
    SYS_execve,
    SYS_execveat,
    SYS_connect,
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_pidfd_getfd,
    SYS_io_uring_setup,
    SYS_bpf,
    SYS_process_vm_writev};

Status filterSystemCalls() {
  std::vector<sock_filter> program;
  const auto load = [&](uint32_t offset) {
    program.push_back(sock_filter{BPF_LD | BPF_W | BPF_ABS, 0, 0, offset});
  };
  const auto unlessEqual = [&](uint32_t value, uint8_t skip) {
    program.push_back(sock_filter{BPF_JMP | BPF_JEQ | BPF_K, 0, skip, value});
  };
  const auto answer = [&](uint32_t action) {
    program.push_back(sock_filter{BPF_RET | BPF_K, 0, 0, action});
  };
  constexpr uint32_t kRefuse = SECCOMP_RET_ERRNO | EACCES;
  load(offsetof(seccomp_data, arch));
  program.push_back(sock_filter{BPF_JMP | BPF_JEQ | BPF_K, 1, 0, kAuditArch});
  answer(kRefuse);  // another machine's call numbers (32 bit) would pass the list below
  load(offsetof(seccomp_data, nr));
  for (const long call : kRefusedCalls) {
    unlessEqual(static_cast<uint32_t>(call), 1);
    answer(kRefuse);
  }
#if defined(__x86_64__)
  // The x32 numbers of the same calls.
  program.push_back(sock_filter{BPF_JMP | BPF_JGE | BPF_K, 0, 1, 0x40000000});
  answer(kRefuse);
#endif
  answer(SECCOMP_RET_ALLOW);
  const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) {
    return tl::unexpected(systemError("seccomp"));
  }
  return {};
}

}  // namespace

Status dropRights(int keepFd) {
  clearenv();
  if (Status closed = closeAllBut(keepFd); !closed) return closed;
  if (Status forbidden = forbidCoreDumps(); !forbidden) return forbidden;
  // Bounds the connections that are held open at a time.
  const rlimit descriptors{256, 256};
  setrlimit(RLIMIT_NOFILE, &descriptors);
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    return tl::unexpected(systemError("PR_SET_NO_NEW_PRIVS"));
  }
  closeFilesByLandlock();
  return filterSystemCalls();
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
Status limitMemory(size_t) { return {}; }
#else
Status limitMemory(size_t extraBytes) {
  // One arena: each further one reserves 64 MiB of address space.
  mallopt(M_ARENA_MAX, 1);
  unsigned long pages = 0;
  std::FILE* statm = std::fopen("/proc/self/statm", "re");
  const bool read = statm != nullptr && std::fscanf(statm, "%lu", &pages) == 1;
  if (statm != nullptr) std::fclose(statm);
  if (!read) return fail(ErrorCode::kInternal, "cannot read /proc/self/statm");
  const rlim_t bytes = pages * static_cast<unsigned long>(sysconf(_SC_PAGESIZE)) + extraBytes;
  const rlimit limit{bytes, bytes};
  if (setrlimit(RLIMIT_AS, &limit) != 0) return tl::unexpected(systemError("RLIMIT_AS"));
  return {};
}
#endif

}  // namespace firebreak::serve
