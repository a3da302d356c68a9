#include "detect/dashboards/fixtures.h"

namespace firebreak::detect {

namespace {

constexpr const char* kPlain = "text/plain; charset=utf-8";

// Every page of the report has it: the form of `stats admin` stands further down.
constexpr const char* kHaproxyReport =
    "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01 Transitional//EN\"\n"
    "\"http://www.w3.org/TR/html4/loose.dtd\">\n"
    "<html><head><title>Statistics Report for HAProxy</title>\n"
    "<b>Display option:</b><ul><li><form method=\"GET\">Scope : <input>";
constexpr const char* kHaproxyAdmin =
    "<html><head><title>Statistics Report for HAProxy</title>\n"
    "<b>Display option:</b><ul><li><form method=\"GET\">Scope : <input>\n"
    "<form method=\"post\"><table class=\"tbl\" width=\"100%\">";
constexpr const char* kHaproxyLocked =
    "<html><body><h1>401 Unauthorized</h1>\n"
    "You need a valid user and password to access this content.\n</body></html>";

}  // namespace

const std::vector<Fixture>& observedFixtures() {
  static const std::vector<Fixture> kAll = {
      {"alertmanager", "/api/v2/status", 200, "application/json",
       R"({"cluster":{"peers":[],"status":"disabled"},"config":{"original":"global:"},"uptime":"x","versionInfo":{"version":"0.25.0"}})",
       Grants::kData, 401, kPlain, "Unauthorized\n", ""},
      {"influxdb", "/query?q=SHOW+DATABASES", 200, "application/json",
       R"({"results":[{"statement_id":0,"series":[{"name":"databases","columns":["name"]}]}]})",
       Grants::kData, 403, "application/json",
       R"({"error":"error authorizing query: create admin user first or disable authentication"})", ""},
      {"caddy-admin", "/config/", 200, "application/json",
       R"({"admin":{"listen":"127.0.0.1:12019"},"apps":{"http":{"servers":{"srv0":{"listen":[":18443"]}}}}})",
       Grants::kControl, 403, "application/json", R"({"error":"host not allowed: 10.1.2.3:2019"})", ""},
      {"netdata", "/api/v1/info", 200, "application/json; charset=utf-8",
       "{\n\t\"version\": \"v1.37.1\",\n\t\"mirrored_hosts\": [\n\t\t\"vm\"\n\t],\n\t\"os_name\": \"Debian\"}",
       Grants::kData, 403, kPlain, "You are not allowed to access this resource.", ""},
      // /config is public, and says which login there is.
      {"buildbot", "/config", 200, "application/json",
       R"({"plugins": {}, "auth": {"name": "NoAuth"}, "authz": {}, "buildbotURL": "http://h/", "user": {"anonymous": true}})",
       Grants::kControl, 200, "application/json",
       R"({"plugins": {}, "auth": {"name": "UserPasswordAuth"}, "authz": {}, "buildbotURL": "http://h/", "user": {"anonymous": true}})",
       ""},
      {"buildbot", "/api/v2/masters", 200, kPlain,
       "{\n  \"masters\": [\n    {\n      \"active\": true, \n      \"masterid\": 1\n    }\n  ], \n"
       "  \"meta\": {\n    \"total\": 1\n  }\n}",
       Grants::kData, 403, kPlain, R"({"error": "you need to have role 'admins'"})", ""},
      {"haproxy-stats", "/", 200, "text/html", kHaproxyAdmin, Grants::kControl, 401, "text/html",
       kHaproxyLocked, ""},
      {"haproxy-stats", "/", 200, "text/html", kHaproxyReport, Grants::kData, 401, "text/html",
       kHaproxyLocked, ""},
      {"haproxy-stats", "/stats", 200, "text/html", kHaproxyAdmin, Grants::kControl, 401, "text/html",
       kHaproxyLocked, ""},
      {"haproxy-stats", "/stats", 200, "text/html", kHaproxyReport, Grants::kData, 401, "text/html",
       kHaproxyLocked, ""},
      {"monit", "/", 200, "text/html",
       "<!DOCTYPE html><html><head><title>Monit: vm</title> <style type=\"text/css\"></style>"
       "<a href=\"http://mmonit.com/monit/\">Monit web site</a>",
       Grants::kControl, 401, "text/html",
       "<html><head><title>401 Unauthorized</title></head><body bgcolor=#FFFFFF><h2>Unauthorized</h2>"
       "You are not authorized to access monit.",
       ""},
      {"rq-dashboard", "/0/data/queues.json", 200, "application/json", R"({"queues":[]})",
       Grants::kControl, 401, "text/html; charset=utf-8", "Please login", ""},
      {"scrapyd", "/daemonstatus.json", 200, "application/json",
       R"({"pending": 0, "running": 0, "finished": 0, "status": "ok", "node_name": "vm"})",
       Grants::kControl, 401, "text/html", "Unauthorized", ""},
  };
  return kAll;
}

}  // namespace firebreak::detect
