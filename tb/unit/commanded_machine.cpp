#include "unit/commanded_machine.h"

#include <algorithm>

namespace coffer {

namespace {

RegisterHit hit_of(CommandedMachine::Register name) { return {static_cast<std::size_t>(name), 0, 0}; }

}  // namespace

void CommandedMachine::put(const HsvmRequester& requester, Register name, std::uint64_t value) {
    Bytes bytes(hsvm_registers::entry(name).bytes);
    store_le64(bytes.data(), value);
    commands_.write(requester, hit_of(name), bytes.data(), bytes.size());
}

std::uint64_t CommandedMachine::get(const HsvmRequester& requester, Register name) const {
    std::uint8_t bytes[8];
    commands_.read(requester, hit_of(name), bytes, sizeof bytes);
    return load_le64(bytes);
}

std::uint64_t CommandedMachine::start(const HsvmRequester& requester, std::uint64_t code) {
    bytes_moved = 0;
    commands_.start(requester, code);
    return get(requester, Register::status);
}

bool CommandedMachine::has_page(const HsvmRequester& requester, Address address, bool write) {
    if (requester.is_vm()) return machine_.hsvm.translate(requester.vmid, page_base(address), write).fault == TranslationFault::none;
    return address >= endless_memory || machine_.hsvm.host_may_access(page_of(address), write);
}

bool CommandedMachine::allows(const HsvmRequester& requester, Address address, std::uint64_t bytes, bool write) {
    if (bytes == 0) return true;
    if (bytes - 1 > ~address) return false;
    if (!requester.is_vm() && address >= endless_memory) return true;
    for (std::uint64_t page = page_of(address); page <= page_of(address + bytes - 1); ++page)
        if (!has_page(requester, page * page_bytes, write)) return false;
    return true;
}

bool CommandedMachine::read(const HsvmRequester& requester, Address address, std::uint8_t* data, std::size_t bytes) {
    bytes_moved += bytes;
    if (requester.is_vm()) return false;  // no operation reads a VM's buffer
    if (address < endless_memory) {
        machine_.store.read(address, data, bytes);
        return true;
    }
    for (std::size_t i = 0; i < bytes; ++i) {
        const Address offset = address - endless_memory + i;
        data[i] = offset < endless_content.size() ? endless_content[offset] : std::uint8_t{0};
    }
    return true;
}

bool CommandedMachine::write(const HsvmRequester& requester, Address address, const std::uint8_t* data, std::size_t bytes) {
    bytes_moved += bytes;
    if (!requester.is_vm()) {
        if (address < endless_memory) machine_.store.write(address, data, bytes);
        return true;
    }
    for (std::size_t done = 0; done < bytes;) {
        const std::size_t at = (address + done) % line_bytes, count = std::min(bytes - done, line_bytes - at);
        Block64 line;
        if (machine_.guest_read(requester.vmid, line_base(address + done), line) != HsvmMachine::Access::done) return false;
        std::copy_n(data + done, count, line.begin() + static_cast<std::ptrdiff_t>(at));
        if (machine_.guest_write(requester.vmid, line_base(address + done), line) != HsvmMachine::Access::done) return false;
        done += count;
    }
    return true;
}

}  // namespace coffer
