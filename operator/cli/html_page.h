// The frame of the pages that commands write with -o html: one self-contained page, no script, no
// font, no picture from elsewhere. Pure; safe from any thread.
#pragma once

#include <string>
#include <string_view>

namespace firebreak {

// Text as HTML text or attribute; control characters become blanks.
std::string escapeHtml(std::string_view text);

// The whole page; `body` is HTML already. Bytes that are not UTF-8 become U+FFFD. Of the styles a
// body uses: section.f (a card, its edge in colour --c), span.tag, p.where, p.sum, table.
std::string htmlPage(std::string_view title, std::string_view body);

}  // namespace firebreak
