#include "sensor/bpf_drop.h"

#include <fcntl.h>
#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include "sensor/netns_child.h"

namespace firebreak::sensor {
namespace {

constexpr char kProgramName[] = "firebreak";
constexpr std::array<bpf_attach_type, 2> kDirections = {BPF_CGROUP_INET_EGRESS,
                                                        BPF_CGROUP_INET_INGRESS};

long bpf(bpf_cmd command, bpf_attr* attributes) {
  return syscall(__NR_bpf, command, attributes, sizeof(*attributes));
}

tl::unexpected<Error> failed(const std::string& what, int error) {
  const ErrorCode code = error == EPERM || error == EACCES ? ErrorCode::kForbidden
                         : error == ENOENT                 ? ErrorCode::kNotFound
                                                           : ErrorCode::kInternal;
  return fail(code, what + ": " + std::strerror(error));
}

Result<OwnedFd> openFolder(const std::string& folder) {
  OwnedFd fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return failed("open " + folder, errno);
  return fd;
}

template <typename T>
uint64_t pointer(const T* address) {
  return reinterpret_cast<uint64_t>(address);
}

Result<OwnedFd> loadProgram(bpf_attach_type direction) {
  std::array<bpf_insn, 2> instructions = {};
  instructions[0].code = BPF_ALU64 | BPF_MOV | BPF_K;  // r0 = 0: drop
  instructions[1].code = BPF_JMP | BPF_EXIT;
  static constexpr char kLicense[] = "Apache-2.0";
  bpf_attr attributes = {};
  attributes.prog_type = BPF_PROG_TYPE_CGROUP_SKB;
  attributes.expected_attach_type = direction;
  attributes.insns = pointer(instructions.data());
  attributes.insn_cnt = instructions.size();
  attributes.license = pointer(kLicense);
  std::memcpy(attributes.prog_name, kProgramName, sizeof(kProgramName));
  OwnedFd fd(static_cast<int>(bpf(BPF_PROG_LOAD, &attributes)));
  if (!fd) return failed("load the drop program", errno);
  return fd;
}

// Descriptors of our programs on that folder and direction.
Result<std::vector<OwnedFd>> ours(int folder, bpf_attach_type direction) {
  std::array<uint32_t, 64> ids = {};
  bpf_attr query = {};
  query.query.target_fd = static_cast<uint32_t>(folder);
  query.query.attach_type = direction;
  query.query.prog_ids = pointer(ids.data());
  query.query.prog_cnt = ids.size();
  if (bpf(BPF_PROG_QUERY, &query) != 0) return failed("list the programs of a cgroup", errno);
  std::vector<OwnedFd> found;
  for (uint32_t i = 0; i < query.query.prog_cnt && i < ids.size(); ++i) {
    bpf_attr get = {};
    get.prog_id = ids[i];
    OwnedFd fd(static_cast<int>(bpf(BPF_PROG_GET_FD_BY_ID, &get)));
    if (!fd) {
      if (errno == ENOENT) continue;  // detached meanwhile
      return failed("open a program of a cgroup", errno);
    }
    bpf_prog_info info = {};
    bpf_attr ask = {};
    ask.info.bpf_fd = static_cast<uint32_t>(fd.get());
    ask.info.info_len = sizeof(info);
    ask.info.info = pointer(&info);
    if (bpf(BPF_OBJ_GET_INFO_BY_FD, &ask) != 0) return failed("look at a program", errno);
    if (std::strncmp(info.name, kProgramName, sizeof(info.name)) == 0) found.push_back(std::move(fd));
  }
  return found;
}

}  // namespace

Result<bool> attachDrop(const std::string& cgroupFolder) {
  bool fresh = false;
  const auto folder = openFolder(cgroupFolder);
  if (!folder) return tl::unexpected<Error>(folder.error());
  for (const bpf_attach_type direction : kDirections) {
    const auto present = ours(folder->get(), direction);
    if (!present) return tl::unexpected<Error>(present.error());
    // Attaching the same thing twice would make two.
    if (!present->empty()) continue;
    const auto program = loadProgram(direction);
    if (!program) return tl::unexpected<Error>(program.error());
    bpf_attr attach = {};
    attach.target_fd = static_cast<uint32_t>(folder->get());
    attach.attach_bpf_fd = static_cast<uint32_t>(program->get());
    attach.attach_type = direction;
    attach.attach_flags = BPF_F_ALLOW_MULTI;  // beside whatever the CNI has there
    if (bpf(BPF_PROG_ATTACH, &attach) != 0) return failed("attach the drop to " + cgroupFolder, errno);
    fresh = true;
  }
  return fresh;
}

Status detachDrop(const std::string& cgroupFolder) {
  const auto folder = openFolder(cgroupFolder);
  if (!folder) return tl::unexpected<Error>(folder.error());
  for (const bpf_attach_type direction : kDirections) {
    const auto programs = ours(folder->get(), direction);
    if (!programs) return tl::unexpected<Error>(programs.error());
    for (const OwnedFd& program : *programs) {
      bpf_attr detach = {};
      detach.target_fd = static_cast<uint32_t>(folder->get());
      detach.attach_bpf_fd = static_cast<uint32_t>(program.get());
      detach.attach_type = direction;
      if (bpf(BPF_PROG_DETACH, &detach) != 0 && errno != ENOENT) {
        return failed("detach the drop from " + cgroupFolder, errno);
      }
    }
  }
  return {};
}

Result<bool> dropAttached(const std::string& cgroupFolder) {
  const auto folder = openFolder(cgroupFolder);
  if (!folder) return tl::unexpected<Error>(folder.error());
  for (const bpf_attach_type direction : kDirections) {
    const auto programs = ours(folder->get(), direction);
    if (!programs) return tl::unexpected<Error>(programs.error());
    if (programs->empty()) return false;
  }
  return true;
}

}  // namespace firebreak::sensor
