#include "daemon/api/pages.h"

namespace sallyport::daemon {

const PackedPage* find_page(std::string_view path) {
  const PackedPage* index = nullptr;
  for (const PackedPage& page : packed_pages()) {
    if (page.path == path) return &page;
    if (page.path == "/index.html") index = &page;
  }
  // What has no dot in its last segment is a place within the console, which its own router knows.
  const std::string_view last = path.substr(path.rfind('/') + 1);
  return last.find('.') == std::string_view::npos ? index : nullptr;
}

std::string_view page_type(std::string_view path) {
  static constexpr struct {
    std::string_view ending, type;
  } kTypes[] = {{".html", "text/html; charset=utf-8"},
                {".js", "text/javascript; charset=utf-8"},
                {".css", "text/css; charset=utf-8"},
                {".json", "application/json"},
                {".svg", "image/svg+xml"},
                {".png", "image/png"},
                {".ico", "image/x-icon"},
                {".woff2", "font/woff2"},
                {".woff", "font/woff"},
                {".txt", "text/plain; charset=utf-8"}};
  for (const auto& one : kTypes)
    if (path.ends_with(one.ending)) return one.type;
  return "application/octet-stream";
}

bool is_hashed_page(std::string_view path) { return path.starts_with("/assets/"); }

std::string_view missing_console_page() {
  return "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Sallyport</title>"
         "<h1>The console's pages are not in this program</h1>"
         "<p>It was built without Node.js. The REST under /api/v1 is here; for the pages, install Node.js 18 or newer "
         "and npm, and build again.</p></html>\n";
}

}  // namespace sallyport::daemon
