// PackedPod: a Pod in a few hundred bytes, for caches of whole clusters. What pods of one template
// have in common (spec; labels and owner) is shared between them, the rest is a byte string.
// unpack() gives back the same Pod. A value; safe from any thread.
#pragma once

#include <memory>
#include <string>

#include "api/shared_bytes.h"
#include "firebreak/observed.h"

namespace firebreak {

class PackedPod {
 public:
  PackedPod() = default;
  // Namespace, name, uid and resourceVersion are not kept: whoever keeps pods has them as its key.
  explicit PackedPod(const Pod& pod);
  // Without those four.
  Pod unpack() const;
  // Whether the pod's labels include all of these, without unpacking it.
  bool hasLabels(const StringMap& wanted) const;
  bool isBare() const;  // no controller

 private:
  std::shared_ptr<const SharedBytes> spec_;
  std::shared_ptr<const SharedBytes> kin_;  // labels and owner
  std::string own_;
};

// The shared object with this content, which knows its packed form. Two specs of equal content that
// are alive at the same time are the same object. The volume that the API server adds to each pod
// under a random name (kube-api-access-xxxxx) is renamed first, else no two pods would share.
std::shared_ptr<const PodSpec> internPodSpec(PodSpec spec);

}  // namespace firebreak
