#include "api/projection.h"

#include <charconv>
#include <optional>
#include <utility>

#include "api/json_cursor.h"
#include "api/meta_projection.h"
#include "api/packed_pod.h"
#include "api/pod_spec_projection.h"

namespace firebreak {
namespace {

std::vector<ContainerStatus> readStatuses(JsonCursor& cursor, JsonValue value) {
  std::vector<ContainerStatus> all;
  cursor.eachItem(value, [&](size_t, JsonValue item) {
    ContainerStatus status;
    cursor.eachField(item, [&](std::string_view key, JsonValue field) {
      if (key == "name") {
        status.name = cursor.text(field);
      } else if (key == "containerID") {
        status.containerID = cursor.text(field);
        const size_t scheme = status.containerID.find("://");
        if (scheme != std::string::npos) status.containerID.erase(0, scheme + 3);
      } else if (key == "state") {
        cursor.eachField(field, [&](std::string_view state, JsonValue body) {
          simdjson::ondemand::json_type type{};
          if (state == "running" && cursor.take(body.type(), &type)) {
            status.running = type == simdjson::ondemand::json_type::object;
          }
        });
      }
    });
    all.push_back(std::move(status));
  });
  return all;
}

bool readReady(JsonCursor& cursor, JsonValue conditions) {
  bool ready = false;
  cursor.eachItem(conditions, [&](size_t, JsonValue item) {
    std::string type;
    std::string status;
    cursor.eachField(item, [&](std::string_view key, JsonValue field) {
      if (key == "type")
        type = cursor.text(field);
      else if (key == "status")
        status = cursor.text(field);
    });
    if (type == "Ready") ready = status == "True";
  });
  return ready;
}

void readPodStatus(JsonCursor& cursor, JsonValue value, Pod* pod) {
  cursor.eachField(value, [&](std::string_view key, JsonValue field) {
    if (key == "phase")
      pod->phase = cursor.text(field);
    else if (key == "podIP")
      pod->podIP = cursor.text(field);
    else if (key == "hostIP")
      pod->hostIP = cursor.text(field);
    else if (key == "conditions")
      pod->ready = readReady(cursor, field);
    else if (key == "containerStatuses" || key == "initContainerStatuses" ||
             key == "ephemeralContainerStatuses") {
      auto more = readStatuses(cursor, field);
      pod->statuses.insert(pod->statuses.end(), std::make_move_iterator(more.begin()),
                           std::make_move_iterator(more.end()));
    }
  });
}

std::string_view specPathOf(std::string_view kind) {
  if (kind == "Pod") return "spec";
  if (kind == "CronJob") return "spec.jobTemplate.spec.template.spec";
  return "spec.template.spec";
}

// "a.b[3].c" -> "a", "b", "[3]", "c".
std::vector<std::string_view> splitPath(std::string_view path) {
  std::vector<std::string_view> parts;
  size_t start = 0;
  for (size_t i = 0; i <= path.size(); ++i) {
    if (i != path.size() && path[i] != '.' && path[i] != '[') continue;
    if (i > start) parts.push_back(path.substr(start, i - start));
    start = i < path.size() && path[i] == '[' ? i : i + 1;
  }
  return parts;
}

// Calls `read` with the value at `parts`; nothing where the path does not lead anywhere.
template <class F>
void walk(JsonCursor& cursor, JsonValue value, const std::vector<std::string_view>& parts,
          size_t at, F&& read) {
  if (at == parts.size()) return read(value);
  if (parts[at].starts_with('[')) {
    size_t wanted = 0;
    const std::string_view digits = parts[at].substr(1);
    std::from_chars(digits.data(), digits.data() + digits.size(), wanted);
    cursor.eachItem(value, [&](size_t index, JsonValue item) {
      if (index == wanted) walk(cursor, item, parts, at + 1, read);
    });
    return;
  }
  cursor.eachField(value, [&](std::string_view key, JsonValue field) {
    if (key == parts[at]) walk(cursor, field, parts, at + 1, read);
  });
}

// The template: an object with metadata (labels, annotations) and spec.
void readTemplate(JsonCursor& cursor, JsonValue value, Workload* out, bool* found) {
  cursor.eachField(value, [&](std::string_view key, JsonValue field) {
    if (key == "metadata") {
      ObjectMeta meta = readMeta(cursor, field, true);
      out->podLabels = std::move(meta.labels);
      out->podAnnotations = std::move(meta.annotations);
    } else if (key == "spec") {
      out->spec = internPodSpec(readPodSpec(cursor, field).spec);
      *found = true;
    }
  });
}

// First pass: kind and metadata; second: the pod spec, wherever the kind has it.
Result<Workload> readWorkload(std::string_view json, std::string_view templatePath) {
  Workload out;
  auto head = readObject(json, "workload", [&](JsonCursor& cursor, auto key, JsonValue field) {
    if (key == "apiVersion")
      out.apiVersion = cursor.text(field);
    else if (key == "kind")
      out.kind = cursor.text(field);
    else if (key == "metadata")
      out.meta = readMeta(cursor, field, true);
  });
  if (!head) return tl::unexpected(head.error());
  const bool isPod = templatePath.empty() && out.kind == "Pod";
  out.specPath = templatePath.empty() ? std::string(specPathOf(out.kind))
                                      : std::string(templatePath) + ".spec";
  auto parts = splitPath(out.specPath);
  bool found = false;
  if (!isPod) parts.pop_back();  // the template, not the spec in it
  auto body = readObject(json, "workload", [&](JsonCursor& cursor, auto key, JsonValue field) {
    if (key != parts[0]) return;
    walk(cursor, field, parts, 1, [&](JsonValue value) {
      if (!isPod) return readTemplate(cursor, value, &out, &found);
      out.spec = internPodSpec(readPodSpec(cursor, value).spec);
      found = true;
    });
  });
  if (!body) return tl::unexpected(body.error());
  if (isPod) {
    out.podLabels = out.meta.labels;
    out.podAnnotations = out.meta.annotations;
  }
  if (found) return out;
  return fail(ErrorCode::kInvalid,
              "read " + out.kind + " " + out.meta.name + ": no pod spec at " + out.specPath);
}

}  // namespace

Result<Pod> projectPod(std::string_view json) {
  Pod pod;
  auto status = readObject(json, "Pod", [&](JsonCursor& cursor, auto key, JsonValue field) {
    if (key == "metadata") {
      pod.meta = readMeta(cursor, field, true);
      pod.mirror = pod.meta.annotations.contains("kubernetes.io/config.mirror") ||
                   pod.meta.controller.kind == "Node";
      pod.meta.annotations.clear();
    } else if (key == "spec") {
      ProjectedSpec read = readPodSpec(cursor, field);
      pod.node = std::move(read.node);
      pod.spec = internPodSpec(std::move(read.spec));
    } else if (key == "status") {
      readPodStatus(cursor, field, &pod);
    }
  });
  if (!status) return tl::unexpected(status.error());
  if (!pod.spec) pod.spec = internPodSpec(PodSpec{});
  return pod;
}

Result<std::shared_ptr<const PodSpec>> projectPodSpec(std::string_view json) {
  // The readers take a value, which a whole document is not: it is made a member.
  std::string wrapped;
  wrapped.reserve(json.size() + 12);
  wrapped.append("{\"spec\":").append(json).append("}");
  std::shared_ptr<const PodSpec> spec;
  auto status = readObject(wrapped, "pod spec", [&](JsonCursor& cursor, auto, JsonValue field) {
    simdjson::ondemand::json_type type{};
    if (!cursor.take(field.type(), &type) || type != simdjson::ondemand::json_type::object) return;
    spec = internPodSpec(readPodSpec(cursor, field).spec);
  });
  if (!status) return tl::unexpected(status.error());
  if (!spec) return fail(ErrorCode::kInvalid, "read pod spec: not a JSON object");
  return spec;
}

Result<Workload> projectWorkload(std::string_view json) { return readWorkload(json, ""); }

Result<Workload> projectTemplateAt(std::string_view json, std::string_view templatePath) {
  if (splitPath(templatePath).empty()) {
    return fail(ErrorCode::kInvalid, "read pod template: the path is empty");
  }
  return readWorkload(json, templatePath);
}

Result<ConfigMap> projectConfigMap(std::string_view json) {
  ConfigMap out;
  auto status = readObject(json, "ConfigMap", [&](JsonCursor& cursor, auto key, JsonValue field) {
    if (key == "metadata")
      out.meta = readMeta(cursor, field, true);
    else if (key == "data")
      out.data = cursor.map(field);
  });
  if (!status) return tl::unexpected(status.error());
  return out;
}

Result<ObjectMeta> projectMeta(std::string_view json) {
  ObjectMeta meta;
  auto status = readObject(json, "object", [&](JsonCursor& cursor, auto key, JsonValue field) {
    if (key == "metadata") meta = readMeta(cursor, field, true);
  });
  if (!status) return tl::unexpected(status.error());
  return meta;
}

}  // namespace firebreak
