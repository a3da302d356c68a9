// Consoles that a server carries itself: balancers, supervisors, crawlers.
#include "detect/signatures/dashboards.h"

namespace firebreak::detect {

using From = SettingSource::From;
using Test = Condition::Test;

std::vector<Product> serverConsoles() {
  return {
      // Its image names nothing: what it balances is asked for too. The report's address takes whatever
      // begins like it, and only another form of it tells it from a page that says 200 to everything.
      // With `stats admin` it has a form.
      {.id = "haproxy-stats",
       .name = "HAProxy statistics",
       .labels = {"haproxy"},
       .ports = {8404, 1936, 1024},
       .marks = {"Statistics Report for HAProxy"},
       .proofs = {{.path = "/",
                   .open = {.contentType = "text/html",
                            .texts = {"<title>Statistics Report for HAProxy", "<form method=\"post\">"}},
                   .controlPath = "/;csv;firebreak-no-such"},
                  {.path = "/",
                   .open = {.contentType = "text/html",
                            .texts = {"<title>Statistics Report for HAProxy"}},
                   .grants = Grants::kData,
                   .controlPath = "/;csv;firebreak-no-such"},
                  {.path = "/stats",
                   .open = {.contentType = "text/html",
                            .texts = {"<title>Statistics Report for HAProxy", "<form method=\"post\">"}},
                   .controlPath = "/stats;csv;firebreak-no-such"},
                  {.path = "/stats",
                   .open = {.contentType = "text/html",
                            .texts = {"<title>Statistics Report for HAProxy"}},
                   .grants = Grants::kData,
                   .controlPath = "/stats;csv;firebreak-no-such"}},
       .can = "see every server behind it and, with `stats admin`, take it out of work",
       .source = "observed with 2.6, with and without `stats admin` and `stats auth`"},
      {.id = "monit",
       .name = "Monit",
       .images = {"monit"},
       .labels = {"monit"},
       .programs = {"monit"},
       .ports = {2812},
       .marks = {"<title>Monit: "},
       .proofs = {{.path = "/",
                   .open = {.contentType = "text/html", .texts = {"<title>Monit: ", "mmonit.com"}},
                   .controlPath = "/firebreak-no-such"}},
       .can = "stop and start what it watches",
       .source = "observed with 5.33, open and with a password"},
      {.id = "scrapyd",
       .name = "Scrapyd",
       .images = {"scrapyd"},
       .labels = {"scrapyd"},
       .programs = {"scrapyd"},
       .ports = {6800},
       .marks = {"<title>Scrapyd</title>"},
       .proofs = {{.path = "/daemonstatus.json",
                   .open = {.contentType = "json",
                            .keys = {"/node_name", "/pending", "/running", "/finished"},
                            .values = {{"/status", "ok"}}},
                   .controlPath = "/firebreak-no-such.json"}},
       .settings = {{"address", {{From::kIni, "scrapyd.bind_address"}}},
                    {"user", {{From::kIni, "scrapyd.username"}}}},
       .off = {{.all = {{"address", Test::kHas, {"0.0.0.0", "::"}}, {"user", Test::kNotSet, {}}},
                .why = "bind_address opens it to everybody and no username is set"}},
       .can = "upload spiders, that is run code in the pod",
       .source = "observed with 1.6, open and with a password; its configuration"},
  };
}

}  // namespace firebreak::detect
