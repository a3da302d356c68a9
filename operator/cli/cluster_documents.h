// The live objects of a cluster as the documents that `firebreak scan --cluster` judges: workloads,
// ConfigMaps, Services, Ingresses, Namespaces. Secrets are never read: what a person who scans may
// not need to see is not fetched. What another scanned object made (a Deployment's ReplicaSet and
// pods) is left out, so that one fault is one finding.
// Blocking; one thread. Needs `list` on those kinds; one that is refused is named in `errors`, and
// the rest is loaded all the same.
#pragma once

#include "cli/loader.h"
#include "kube/client.h"

namespace firebreak {

// `errors[].file` and `documents[].file` are "cluster".
Loaded loadCluster(kube::Client& client);

}  // namespace firebreak
