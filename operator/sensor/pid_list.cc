#include "sensor/pid_list.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <unordered_set>
#include <utility>

#include "sensor/proc_text.h"

namespace firebreak::sensor {
namespace {

// The list is read at least as often, since a pid can be chosen (clone3's set_tid).
constexpr uint64_t kListRounds = 10;
// Trying more than this many pids costs about as much as listing a node's processes.
constexpr pid_t kMostTried = 128;

// "0.00 0.01 0.05 1/123 4711": the last field is the last pid that was given to a process or thread; 0 = unreadable.
pid_t lastGiven(const ProcFs& proc) {
  const auto text = proc.readTop("loadavg", 128);
  const size_t space = text ? text->rfind(' ') : std::string::npos;
  pid_t last = 0;
  if (space != std::string::npos) std::from_chars(text->data() + space + 1, text->data() + text->size(), last);
  return last;
}

}  // namespace

Result<bool> PidList::refresh() {
  const pid_t last = lastGiven(proc_);
  const pid_t before = std::exchange(last_, last);
  // A number below the one before: the kernel began again from the lowest.
  const bool few = before > 0 && last >= before && last - before <= kMostTried;
  if (!few || ++sinceListing_ >= kListRounds) return list();
  tryAfter(before, last);
  return false;
}

Result<bool> PidList::list() {
  auto pids = proc_.pids();
  if (!pids) {
    last_ = 0;
    return tl::unexpected(pids.error());
  }
  pids_ = std::move(*pids);
  sinceListing_ = 0;
  return true;
}

void PidList::tryAfter(pid_t before, pid_t last) {
  if (before == last) return;
  std::unordered_set<pid_t> there(pids_.begin(), pids_.end());
  for (pid_t pid = before + 1; pid <= last; ++pid) {
    if (!there.contains(pid) && isProcess(pid)) pids_.push_back(pid);
  }
}

// /proc has an entry for a thread too, only not in its listing.
bool PidList::isProcess(pid_t pid) const {
  const auto status = proc_.read(pid, "status", 4096);
  return status && threadGroup(*status) == pid;
}

void PidList::drop(const std::vector<pid_t>& ended) {
  if (ended.empty()) return;
  const std::unordered_set<pid_t> gone(ended.begin(), ended.end());
  std::erase_if(pids_, [&](pid_t pid) { return gone.contains(pid); });
}

}  // namespace firebreak::sensor
