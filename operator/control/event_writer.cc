#include "control/event_writer.h"

#include "base/log.h"

namespace firebreak::control {

Status writeEvent(kube::Client& client, const std::string& instance, const kube::EventSpec& spec) {
  const std::string ns = spec.regarding.ns.empty() ? "default" : spec.regarding.ns;
  auto written =
      client.create(kube::kEvents, ns, kube::eventJson(spec, instance), kube::Priority::kEvent);
  if (written || written.error().code == ErrorCode::kAlreadyExists) return {};
  bool hopeless = written.error().code == ErrorCode::kForbidden ||
                  written.error().code == ErrorCode::kNotFound ||
                  written.error().code == ErrorCode::kInvalid;
  if (!hopeless) return tl::unexpected(written.error());
  log::warn("event not written", {{"event", spec.name}, {"cause", written.error().message}});
  return {};
}

}  // namespace firebreak::control
