#include "cli/html_page.h"

#include "base/json.h"

namespace firebreak {
namespace {

constexpr std::string_view kHead = R"(<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<style>
:root { color-scheme: light dark; --line: #8884; --Critical: #b3131b; --High: #b8510b;
  --Medium: #8a6d00; --Low: #3b6ea5; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; margin-bottom: .2rem; }
.sum { color: GrayText; margin-top: 0; }
.f { border: 1px solid var(--line); border-left: .4rem solid var(--c); border-radius: .4rem;
  padding: .6rem 1rem; margin: .8rem 0; }
.f h2 { font-size: 1.05rem; margin: 0 0 .2rem; overflow-wrap: anywhere; }
.tag { color: #fff; background: var(--c); border-radius: .3rem; padding: 0 .45rem; font-size: .8rem; }
.where, code { font: 13px/1.4 ui-monospace, monospace; overflow-wrap: anywhere; }
table { border-collapse: collapse; margin-top: .4rem; }
td, th { text-align: left; padding: .1rem .9rem .1rem 0; vertical-align: top; font-size: .9rem; }
td { overflow-wrap: anywhere; }
.err { border-left-color: #777; }
</style>
)";

}  // namespace

std::string escapeHtml(std::string_view text) {
  std::string out;
  for (char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += static_cast<unsigned char>(c) < 0x20 && c != '\n' ? ' ' : c;
    }
  }
  return out;
}

std::string htmlPage(std::string_view title, std::string_view body) {
  std::string out(kHead);
  out += "<title>" + escapeHtml(title) + "</title></head><body>\n";
  out += body;
  out += "</body></html>\n";
  // Texts may hold bytes that are no UTF-8; the page says that it is.
  Json clean = Json::parse(dumpJson(Json(out)), nullptr, /*allow_exceptions=*/false);
  return clean.is_string() ? clean.get<std::string>() : out;
}

}  // namespace firebreak
