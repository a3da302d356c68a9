#include "sensor/evidence.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <set>

#include "base/digest.h"
#include "base/json.h"
#include "base/time_format.h"
#include "sensor/netns_child.h"
#include "sensor/proc_text.h"

namespace firebreak::sensor {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostProcesses = 64;
constexpr size_t kMostExecutables = 4;
constexpr uint64_t kLargestExecutable = uint64_t{64} << 20;
// Of all evidence of the node; beyond it executables are only named by their digests.
constexpr uint64_t kQuota = uint64_t{512} << 20;
constexpr std::chrono::hours kKeep{7 * 24};
constexpr char kManifest[] = "/manifest.json";

struct FreeDigest {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

OwnedFd createFile(const std::string& path) {
  return OwnedFd(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
}

bool writeWhole(int fd, const char* data, size_t size) {
  while (size > 0) {
    const ssize_t wrote = write(fd, data, size);
    if (wrote <= 0) return false;
    data += wrote;
    size -= static_cast<size_t>(wrote);
  }
  return true;
}

// Copies an open file to `path` (nowhere where that is empty); the SHA-256 of what was read.
Result<std::string> copyAndDigest(int from, const std::string& path) {
  const OwnedFd to = path.empty() ? OwnedFd() : createFile(path);
  if (!path.empty() && !to) return fail(ErrorCode::kInternal, "create " + path + ": " + std::strerror(errno));
  const std::unique_ptr<EVP_MD_CTX, FreeDigest> context(EVP_MD_CTX_new());
  EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr);
  std::array<char, 65536> buffer;
  uint64_t total = 0;
  while (total < kLargestExecutable) {
    const ssize_t got = read(from, buffer.data(), buffer.size());
    if (got < 0) return fail(ErrorCode::kInternal, std::string("read an executable: ") + std::strerror(errno));
    if (got == 0) break;
    total += static_cast<uint64_t>(got);
    EVP_DigestUpdate(context.get(), buffer.data(), static_cast<size_t>(got));
    if (to && !writeWhole(to.get(), buffer.data(), static_cast<size_t>(got))) {
      return fail(ErrorCode::kInternal, "write " + path + ": " + std::strerror(errno));
    }
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest = {};
  unsigned int size = 0;
  EVP_DigestFinal_ex(context.get(), digest.data(), &size);
  return hexEncode(std::string_view(reinterpret_cast<const char*>(digest.data()), size));
}

// Writes a text file and notes its digest in the manifest.
Status keepText(const std::string& folder, const std::string& name, const std::string& text,
                Json* manifest) {
  const OwnedFd file = createFile(folder + "/" + name);
  if (!file || !writeWhole(file.get(), text.data(), text.size())) {
    return fail(ErrorCode::kInternal, "write " + folder + "/" + name + ": " + std::strerror(errno));
  }
  (*manifest)["files"].push_back({{"name", name}, {"sha256", sha256Hex(text)}});
  return {};
}

uint64_t bytesBelow(const std::string& root) {
  uint64_t total = 0;
  std::error_code error;
  for (auto it = fs::recursive_directory_iterator(root, error);
       !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
    std::error_code ignored;
    if (it->is_regular_file(ignored)) total += it->file_size(ignored);
  }
  return total;
}

Result<EvidenceReceipt> receiptOf(const std::string& folder) {
  const auto manifest = readFile(folder + kManifest, 1 << 22);
  if (!manifest) return tl::unexpected<Error>(manifest.error());
  return EvidenceReceipt{folder, sha256Hex(*manifest)};
}

// Its executable, where it is not one that was kept before: by device and inode.
Status keepExecutable(const ProcFs& proc, pid_t pid, const std::string& folder, bool roomLeft,
                      std::set<std::pair<dev_t, ino_t>>* kept, Json* manifest) {
  if (kept->size() >= kMostExecutables) return {};
  // Opened through /proc it is there even where its file was deleted.
  const OwnedFd file(open(proc.path(pid, "exe").c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info = {};
  if (!file || fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) return {};
  if (!kept->insert({info.st_dev, info.st_ino}).second) return {};
  const std::string name = "executable-" + std::to_string(pid);
  const auto digest = copyAndDigest(file.get(), roomLeft ? folder + "/" + name : "");
  if (!digest) return tl::unexpected<Error>(digest.error());
  (*manifest)["files"].push_back({{"name", roomLeft ? name : ""},
                                  {"executableOf", pid},
                                  {"path", proc.link(pid, "exe").value_or("")},
                                  {"bytes", info.st_size},
                                  {"sha256", *digest}});
  return {};
}

}  // namespace

void EvidenceStore::removeOld() const {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(root_, error)) {
    struct stat info = {};
    if (lstat(entry.path().c_str(), &info) != 0 || !S_ISDIR(info.st_mode)) continue;
    const WallTime changed = std::chrono::system_clock::from_time_t(info.st_mtime);
    std::error_code ignored;
    if (systemClock().wall() - changed > kKeep) fs::remove_all(entry.path(), ignored);
  }
}

Result<EvidenceReceipt> EvidenceStore::capture(const ProcFs& proc, const CgroupTree& cgroups,
                                               const IsolationOrder& order,
                                               const std::vector<Flow>& flows) const {
  // An order's id is text of somebody else: only its digest becomes part of a path.
  const std::string folder = root_ + "/" + order.podUid + "-" + sha256Hex(order.orderId).substr(0, 8);
  if (access((folder + kManifest).c_str(), F_OK) == 0) return receiptOf(folder);
  const std::vector<pid_t> pids = cgroups.processes(order.podUid);
  if (pids.empty()) return fail(ErrorCode::kNotFound, "the pod is gone from this node");
  removeOld();
  const bool roomLeft = bytesBelow(root_) < kQuota;
  const std::string partial = folder + ".partial";
  std::error_code error;
  fs::remove_all(partial, error);
  if (mkdir(partial.c_str(), 0700) != 0) {
    return fail(ErrorCode::kForbidden, "make " + partial + ": " + std::strerror(errno));
  }
  Json manifest = {{"podUID", order.podUid},
                   {"pod", order.podRef},
                   {"orderID", order.orderId},
                   {"remediation", order.remediation},
                   {"time", formatTime(systemClock().wall())},
                   {"files", Json::array()},
                   {"processes", Json::array()},
                   {"connections", Json::array()}};
  for (const Flow& flow : flows) {
    manifest["connections"].push_back(
        {{"protocol", flow.protocol}, {"local", flow.local}, {"remote", flow.remote}});
  }
  std::set<std::pair<dev_t, ino_t>> kept;
  for (const pid_t pid : pids) {
    if (manifest["processes"].size() >= kMostProcesses) break;
    const auto text = proc.read(pid, "stat", 4096);
    const auto stat = text ? parseStat(*text) : std::nullopt;
    if (!stat) continue;
    manifest["processes"].push_back(
        {{"pid", pid},
         {"parent", stat->parent},
         {"startTime", stat->startTime},
         {"comm", stat->comm},
         {"arguments", parseCommandLine(proc.read(pid, "cmdline").value_or(""))},
         {"executable", proc.link(pid, "exe").value_or("")}});
    if (stat->comm == "pause") continue;
    const std::string maps = proc.read(pid, "maps", 1 << 20).value_or("");
    if (auto done = keepText(partial, "maps-" + std::to_string(pid), maps, &manifest); !done) {
      return tl::unexpected<Error>(done.error());
    }
    if (auto done = keepExecutable(proc, pid, partial, roomLeft, &kept, &manifest); !done) {
      return tl::unexpected<Error>(done.error());
    }
  }
  Json unused = Json::object();
  if (auto done = keepText(partial, kManifest + 1, dumpJsonPretty(manifest), &unused); !done) {
    return tl::unexpected<Error>(done.error());
  }
  if (rename(partial.c_str(), folder.c_str()) != 0) {
    return fail(ErrorCode::kInternal, "rename " + partial + ": " + std::strerror(errno));
  }
  return receiptOf(folder);
}

}  // namespace firebreak::sensor
