#include "cli/status.h"

#include <algorithm>
#include <iostream>
#include <string>
#include <vector>

#include "base/json.h"
#include "cli/cluster_connection.h"

namespace firebreak {
namespace {

using Row = std::vector<std::string>;
using Path = std::vector<const char*>;

struct Column {
  const char* title;
  Path path;
};
struct Table {
  const char* key;  // in JSON
  const kube::ResourceType& type;
  std::vector<Column> columns;
};

const std::vector<Table>& tables() {
  static const std::vector<Table> kTables = {
      {"policies",
       kube::kSecurityPolicies,
       {{"POLICY", {"metadata", "name"}},
        {"MODE", {"spec", "mode"}},
        {"READY", {"conditions", "Ready"}}}},
      {"remediations",
       kube::kRemediations,
       {{"REMEDIATION", {"metadata", "name"}},
        {"FAMILY", {"spec", "family"}},
        {"NAMESPACE", {"spec", "targetRef", "namespace"}},
        {"TARGET", {"spec", "targetRef", "name"}},
        {"PHASE", {"status", "phase"}},
        {"OUTCOME", {"status", "outcome"}}}},
      {"nodes",
       kube::kNodeGuards,
       {{"NODE", {"metadata", "name"}},
        {"LEVEL", {"status", "level"}},
        {"HEARTBEAT", {"status", "heartbeat"}}}},
  };
  return kTables;
}

std::string cell(const Json& object, const Path& path) {
  if (std::string_view(path[0]) == "conditions") {
    for (const Json& condition : member(object, {"status", "conditions"})) {
      if (stringOr(member(condition, "type")) == path[1]) {
        return stringOr(member(condition, "status"));
      }
    }
    return "Unknown";
  }
  const Json* at = &object;
  for (const char* step : path) at = &member(*at, step);
  return stringOr(*at, "-");
}

void print(const std::vector<Row>& rows) {
  std::vector<size_t> widths(rows.front().size(), 0);
  for (const Row& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (const Row& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      line += row[i] + std::string(i + 1 < row.size() ? widths[i] - row[i].size() + 2 : 0, ' ');
    }
    std::cout << line << "\n";
  }
}

}  // namespace

int runStatus(int argc, char** argv) {
  ClusterConnection access;
  std::string output = "table";
  CLI::App app("The policies, what was found and done, and the sensors", "firebreak status");
  access.addOptions(app);
  app.add_option("-o,--output", output, "table or json")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
  if (auto code = access.open(app, argc, argv)) return *code;
  Json document = Json::object();
  for (const Table& table : tables()) {
    auto list = access.client().list(table.type, "");
    if (!list) {
      std::cerr << app.get_name() << ": " << list.error().message << "\n";
      return 1;
    }
    if (output == "json") {
      document[table.key] = member(*list, "items");
      continue;
    }
    std::vector<Row> rows(1);
    for (const Column& column : table.columns) rows[0].emplace_back(column.title);
    for (const Json& object : member(*list, "items")) {
      Row& row = rows.emplace_back();
      for (const Column& column : table.columns) row.push_back(cell(object, column.path));
    }
    if (rows.size() == 1) rows.push_back(Row{"(none)"});
    print(rows);
    std::cout << "\n";
  }
  if (output == "json") std::cout << document.dump(2) << "\n";
  return 0;
}

}  // namespace firebreak
