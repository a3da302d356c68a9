// Services, Ingresses and Nodes: what is reachable, and where.
#include <utility>

#include "api/json_cursor.h"
#include "api/meta_projection.h"
#include "api/projection.h"

namespace firebreak {
namespace {

ServicePort readServicePort(JsonCursor& cursor, JsonValue value) {
  ServicePort out;
  cursor.eachField(value, [&](std::string_view key, JsonValue field) {
    if (key == "name")
      out.name = cursor.text(field);
    else if (key == "port")
      out.port = cursor.number(field);
    else if (key == "targetPort")
      out.targetPort = cursor.textOrNumber(field);
    else if (key == "nodePort")
      out.nodePort = cursor.number(field);
    else if (key == "protocol")
      out.protocol = cursor.text(field);
  });
  if (out.protocol.empty()) out.protocol = "TCP";
  return out;
}

void readServiceSpec(JsonCursor& cursor, JsonValue value, Service* out) {
  cursor.eachField(value, [&](std::string_view key, JsonValue field) {
    if (key == "type")
      out->type = cursor.text(field);
    else if (key == "clusterIP")
      out->clusterIP = cursor.text(field);
    else if (key == "selector")
      out->selector = cursor.map(field);
    else if (key == "externalIPs")
      out->externalIPs = cursor.texts(field);
    else if (key == "loadBalancerSourceRanges")
      out->sourceRanges = cursor.texts(field);
    else if (key == "ports")
      cursor.eachItem(field, [&](size_t, JsonValue item) {
        out->ports.push_back(readServicePort(cursor, item));
      });
  });
  if (out->type.empty()) out->type = "ClusterIP";
}

void readLoadBalancer(JsonCursor& cursor, JsonValue status, Service* out) {
  cursor.eachField(status, [&](std::string_view key, JsonValue balancer) {
    if (key != "loadBalancer") return;
    cursor.eachField(balancer, [&](std::string_view part, JsonValue list) {
      if (part != "ingress") return;
      cursor.eachItem(list, [&](size_t, JsonValue item) {
        std::string ip;
        std::string hostname;
        cursor.eachField(item, [&](std::string_view name, JsonValue text) {
          if (name == "ip")
            ip = cursor.text(text);
          else if (name == "hostname")
            hostname = cursor.text(text);
        });
        std::string& address = ip.empty() ? hostname : ip;
        if (!address.empty()) out->ingressIPs.push_back(std::move(address));
      });
    });
  });
}

// A backend: {"service": {"name": ..., "port": {"number" or "name"}}}. False where it is none (a
// resource backend).
bool readBackend(JsonCursor& cursor, JsonValue backend, IngressPath* out) {
  bool found = false;
  cursor.eachField(backend, [&](std::string_view key, JsonValue service) {
    if (key != "service") return;
    cursor.eachField(service, [&](std::string_view part, JsonValue field) {
      if (part == "name") {
        out->service = cursor.text(field);
        found = !out->service.empty();
      } else if (part == "port") {
        cursor.eachField(field, [&](std::string_view, JsonValue port) {
          std::string text = cursor.textOrNumber(port);
          if (!text.empty() && text != "0") out->port = std::move(text);
        });
      }
    });
  });
  return found;
}

void readRule(JsonCursor& cursor, JsonValue rule, size_t ruleIndex, Ingress* out) {
  std::string host;
  const size_t first = out->paths.size();
  const std::string prefix = "spec.rules[" + std::to_string(ruleIndex) + "].http.paths[";
  cursor.eachField(rule, [&](std::string_view key, JsonValue field) {
    if (key == "host") host = cursor.text(field);
    if (key != "http") return;
    cursor.eachField(field, [&](std::string_view part, JsonValue paths) {
      if (part != "paths") return;
      cursor.eachItem(paths, [&](size_t index, JsonValue item) {
        IngressPath path;
        bool hasService = false;
        path.fieldPath = prefix + std::to_string(index) + "].backend.service";
        cursor.eachField(item, [&](std::string_view name, JsonValue value) {
          if (name == "path")
            path.path = cursor.text(value);
          else if (name == "backend")
            hasService = readBackend(cursor, value, &path);
        });
        if (hasService) out->paths.push_back(std::move(path));
      });
    });
  });
  for (size_t i = first; i < out->paths.size(); ++i) out->paths[i].host = host;
}

}  // namespace

Result<Service> projectService(std::string_view json) {
  Service out;
  auto status = readObject(json, "Service", [&](JsonCursor& cursor, auto key, JsonValue field) {
    if (key == "metadata")
      out.meta = readMeta(cursor, field, true);
    else if (key == "spec")
      readServiceSpec(cursor, field, &out);
    else if (key == "status")
      readLoadBalancer(cursor, field, &out);
  });
  if (!status) return tl::unexpected(status.error());
  return out;
}

Result<Ingress> projectIngress(std::string_view json) {
  Ingress out;
  auto status = readObject(json, "Ingress", [&](JsonCursor& cursor, auto key, JsonValue field) {
    if (key == "metadata") out.meta = readMeta(cursor, field, true);
    if (key != "spec") return;
    cursor.eachField(field, [&](std::string_view part, JsonValue value) {
      if (part == "ingressClassName") {
        out.className = cursor.text(value);
      } else if (part == "defaultBackend") {
        IngressPath path;
        path.fieldPath = "spec.defaultBackend.service";
        if (readBackend(cursor, value, &path)) out.paths.push_back(std::move(path));
      } else if (part == "rules") {
        cursor.eachItem(value,
                        [&](size_t index, JsonValue rule) { readRule(cursor, rule, index, &out); });
      }
    });
  });
  if (!status) return tl::unexpected(status.error());
  // The way before ingressClassName existed.
  auto old = out.meta.annotations.find("kubernetes.io/ingress.class");
  if (out.className.empty() && old != out.meta.annotations.end()) out.className = old->second;
  return out;
}

Result<Node> projectNode(std::string_view json) {
  Node out;
  auto status = readObject(json, "Node", [&](JsonCursor& cursor, auto key, JsonValue field) {
    if (key == "metadata") out.meta = readMeta(cursor, field, true);
    if (key != "status") return;
    cursor.eachField(field, [&](std::string_view part, JsonValue addresses) {
      if (part != "addresses") return;
      cursor.eachItem(addresses, [&](size_t, JsonValue item) {
        std::string type;
        std::string address;
        cursor.eachField(item, [&](std::string_view name, JsonValue text) {
          if (name == "type")
            type = cursor.text(text);
          else if (name == "address")
            address = cursor.text(text);
        });
        if (type == "InternalIP") out.internalIPs.push_back(std::move(address));
      });
    });
  });
  if (!status) return tl::unexpected(status.error());
  return out;
}

}  // namespace firebreak
