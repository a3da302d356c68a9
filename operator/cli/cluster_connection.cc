#include "cli/cluster_connection.h"

#include <iostream>

#include "kube/curl_transport.h"

namespace firebreak {

void ClusterConnection::addOptions(CLI::App& app) {
  app.add_option("--kubeconfig", source_.kubeconfig,
                 "kubeconfig file (default: $KUBECONFIG, in-cluster, ~/.kube/config)");
  app.add_option("--context", source_.context, "context of the kubeconfig");
}

std::optional<int> ClusterConnection::open(CLI::App& app, int argc, char** argv) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error, std::cout, std::cerr) == 0 ? 0 : 2;
  }
  if (!connect(app)) return 1;
  return std::nullopt;
}

bool ClusterConnection::connect(const CLI::App& app) {
  auto config = kube::loadConfig(source_);
  auto transport =
      config ? kube::makeCurlTransport(*config) : tl::unexpected<Error>(config.error());
  if (!transport) {
    std::cerr << app.get_name() << ": no way to the API server: " << transport.error().message
              << "\n";
    return false;
  }
  transport_ = std::move(*transport);
  client_.emplace(*transport_);
  return true;
}

Result<std::string> ClusterConnection::user() {
  auto review = client_->create(
      kube::kSelfSubjectReviews, "",
      {{"apiVersion", kube::apiVersionOf(kube::kSelfSubjectReviews)},
       {"kind", "SelfSubjectReview"}});
  if (!review) return tl::unexpected(review.error());
  return stringOr(member(*review, {"status", "userInfo", "username"}));
}

}  // namespace firebreak
