#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/bytes.h"

namespace coffer::kat {

/// One record of a file of known-answer vectors; the format is in vectors/kat/README.md.
struct Record {
    std::string where;  ///< file:line of its first field
    std::map<std::string, Bytes> fields;

    bool has(const std::string& name) const { return fields.count(name) != 0; }
    /// Throws InputError where the record has no such field.
    const Bytes& at(const std::string& name) const;
};

/// Msg, as often as Repeat says, a big-endian number; once where a record has none. Throws InputError without Msg.
Bytes message_of(const Record& record);

/// Throws InputError, with file and line, for anything that is not a record, and for text without a record.
std::vector<Record> parse(const std::string& text, const std::string& file_name);

/// The records of a file in vectors/kat; throws InputError where it cannot be read.
std::vector<Record> load(const std::string& file_name);

}  // namespace coffer::kat
