// One page of a list: its raw items, each as the watch would have sent it, without a tree. Pure.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "firebreak/result.h"
#include "kube/padded_json.h"

namespace firebreak::kube {

struct ListPage {
  std::string resourceVersion;
  std::string continueToken;
};

// onItem for each; kind and apiVersion, which lists leave out of their items, are put back.
Result<ListPage> readListPage(PaddedJson& space, std::string_view body,
                              const std::function<void(std::string_view objectJson)>& onItem);

}  // namespace firebreak::kube
