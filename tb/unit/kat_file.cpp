#include "unit/kat_file.h"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <sstream>

#include "common/errors.h"

namespace coffer::kat {

namespace {

constexpr const char* accepted_lines = "Name = hexadecimal digits, a comment after #, or an empty line";

bool is_name(const std::string& text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isalnum(c) != 0; });
}

void parse_field(const std::string& line, const std::string& where, Record& record) {
    const std::size_t equals = line.find(" =");
    const std::string name = line.substr(0, equals);
    if (equals == std::string::npos || !is_name(name)) throw InputError(where, "neither a field nor a comment", accepted_lines);
    std::string digits = line.substr(equals + 2);
    if (!digits.empty() && digits.front() == ' ') digits.erase(0, 1);
    if (record.fields.empty()) record.where = where;
    if (!record.fields.emplace(name, from_hex(digits, where)).second) throw InputError(where, "the field " + name + " comes twice", "once");
}

}  // namespace

const Bytes& Record::at(const std::string& name) const {
    const auto field = fields.find(name);
    if (field == fields.end()) throw InputError(where, "a record without the field " + name);
    return field->second;
}

Bytes message_of(const Record& record) {
    const Bytes& unit = record.at("Msg");
    if (!record.has("Repeat")) return unit;
    std::size_t repeat = 0;
    for (const std::uint8_t byte : record.at("Repeat")) repeat = repeat << 8 | byte;
    Bytes message;
    for (std::size_t i = 0; i < repeat; ++i) message.insert(message.end(), unit.begin(), unit.end());
    return message;
}

std::vector<Record> parse(const std::string& text, const std::string& file_name) {
    std::vector<Record> records;
    Record record;
    const auto end_record = [&records, &record] {
        if (!record.fields.empty()) records.push_back(std::move(record));
        record = Record{};
    };
    std::istringstream lines(text);
    std::string line;
    for (unsigned number = 1; std::getline(lines, line); ++number) {
        if (line.empty())
            end_record();
        else if (line.front() != '#')
            parse_field(line, file_name + ":" + std::to_string(number), record);
    }
    end_record();
    if (records.empty()) throw InputError(file_name, "no record", "at least one");
    return records;
}

std::vector<Record> load(const std::string& file_name) {
    const std::string path = std::string(COFFER_SOURCE_DIR "/vectors/kat/") + file_name;
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    if (!file || !(text << file.rdbuf())) throw InputError(path, "cannot be read");
    return parse(text.str(), file_name);
}

}  // namespace coffer::kat
