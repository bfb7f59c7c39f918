// InputFile: a file that a command reads, or standard input for "-".
#pragma once

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

#include "cli/command.h"
#include "cli/output.h"
#include "users/byte_stream.h"

namespace sallyport::cli {

class InputFile {
 public:
  InputFile(const std::string& path, bool json)
      : file_(path == "-" ? stdin : std::fopen(path.c_str(), "rb")), owned_(path != "-") {
    if (!file_) {
      const int why = errno;
      fail({why == ENOENT ? ErrorKind::kNotFound : ErrorKind::kDenied,
            fmt::format("cannot read {}: {}", printable(path), std::strerror(why)),
            why == ENOENT ? "is the path right? - is standard input"
                          : "run it as a user who may read the file, or give it by standard input: - < FILE",
            ""},
           kEnvironment, json);
    }
    struct stat st {};
    if (::fstat(fileno(file_), &st) == 0 && S_ISREG(st.st_mode) && owned_)
      size_ = static_cast<std::size_t>(st.st_size), again_ = true;
  }
  ~InputFile() {
    if (owned_ && file_) std::fclose(file_);
  }
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;
  bool can_be_read_again() const { return again_; }
  std::size_t size() const { return size_; }
  void rewind() { std::rewind(file_); }
  ReadBytes reader() {
    return [this](char* buffer, std::size_t n) { return std::fread(buffer, 1, n, file_); };
  }
  bool failed() const { return std::ferror(file_) != 0; }

 private:
  std::FILE* file_;
  bool owned_, again_ = false;
  std::size_t size_ = 0;
};

}  // namespace sallyport::cli
