// Lists of the REST: a page as JSON, or all of it as CSV.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "admin/csv.h"
#include "daemon/api/call.h"

namespace sallyport::daemon {

struct Column {
  const char* title;
  const char* member;  // of each item
};

// An item's member as a cell.
inline std::string cell_of(const Json& item, const char* member) {
  const auto it = item.find(member);
  if (it == item.end() || it->is_null()) return {};
  if (it->is_string()) return it->get<std::string>();
  return it->dump(-1, ' ', false, Json::error_handler_t::replace);
}

inline Reply csv_reply(const Json& items, const std::vector<Column>& columns, std::string file_name) {
  Reply out;
  out.file_name = std::move(file_name);
  std::vector<std::string> cells;
  for (const Column& column : columns) cells.emplace_back(column.title);
  append_csv_row(out.text, cells);
  for (const Json& item : items) {
    for (std::size_t i = 0; i < columns.size(); ++i) cells[i] = cell_of(item, columns[i].member);
    append_csv_row(out.text, cells);
  }
  return out;
}

// `items` may hold one more than a page: then there is a next one, and `cursor_of` the page's last item is it.
template <class CursorOf>
Reply list_reply(Json items, const Page& page, const std::vector<Column>& columns, const char* file_name,
                 CursorOf&& cursor_of, Json more = Json::object()) {
  Json next;
  if (items.size() > page.limit) {
    items.erase(items.begin() + static_cast<std::ptrdiff_t>(page.limit), items.end());
    next = cursor_of(items.back());
  }
  if (page.csv) return csv_reply(items, columns, file_name);
  more["items"] = std::move(items);
  more["next"] = std::move(next);
  return reply(std::move(more));
}

}  // namespace sallyport::daemon
