#include "memory/mpe_tlm.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "common/tlm_target.h"
#include "vm_table/register_table.h"

namespace coffer {

namespace {

using vm_table_registers::Register;

/// Debug reads of memory for the engine's algorithm.
class PeekStore : public ByteStore {
public:
    explicit PeekStore(BusStoreTlm& bus) : bus_(bus) {}
    void read(Address address, std::uint8_t* data, std::size_t size) override {
        if (!bus_.peek(address, data, size)) std::memset(data, 0, size);
    }
    void write(Address, const std::uint8_t*, std::size_t) override {}

private:
    BusStoreTlm& bus_;
};

/// Debug reads of pads.
class PeekPads : public PadPort {
public:
    PeekPads(tlm::tlm_base_initiator_socket<>& socket, ContextPayload& payload) : socket_(socket), payload_(payload) {}
    void generate(Slot slot, const crypto::Iv* ivs, std::size_t lines, std::uint8_t* pads) override {
        payload_.context.key_slot = slot;
        payload_.context.ivs = ivs;
        socket_->transport_dbg(payload_.read(0, pads, lines * pad_bytes));
    }

private:
    tlm::tlm_base_initiator_socket<>& socket_;
    ContextPayload& payload_;
};

}  // namespace

MpeTlm::MpeTlm(const sc_core::sc_module_name& name, const Parameters& parameters, const AddressMap& map, LpidSource& lpids, ViolationLog& violations)
    : sc_module(name),
      target_socket("target_socket"),
      chip_socket("chip_socket"),
      control_socket("control_socket"),
      metadata_socket("metadata_socket"),
      key_socket("key_socket", [this](Slot slot, KeyPart part, const crypto::Key128& key) { return take_key(slot, part, key); }),
      pad_socket("pad_socket"),
      counter_socket("counter_socket"),
      vm_table_socket("vm_table_socket"),
      initiator_socket("initiator_socket"),
      parameters_(parameters),
      map_(map),
      violations_(violations),
      engine_(parameters.scheme, map, parameters.chip, {*this, *this, lpids, *this, violations, parameters.ghash.get()}),
      bus_(initiator_socket.target()) {
    pad_payload_.context.mode = Mode::chip;
    counter_payload_.context.mode = Mode::chip;
    register_payload_.context.mode = Mode::chip;
    target_socket.serve<&MpeTlm::b_transport, &MpeTlm::transport_dbg, &MpeTlm::get_direct_mem_ptr>(*this);
    chip_socket.serve<&MpeTlm::chip_b_transport, &MpeTlm::chip_transport_dbg>(*this);
    control_socket.serve<&MpeTlm::control_b_transport>(*this);
    metadata_socket.serve<&MpeTlm::metadata_b_transport, &MpeTlm::metadata_transport_dbg>(*this);
    initiator_socket.register_invalidate_direct_mem_ptr(this, &MpeTlm::invalidate_direct_mem_ptr);
}

void MpeTlm::b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
    const auto* context = payload.get_extension<SecurityContext>();
    payload.set_dmi_allowed(false);
    if (!check_payload(payload, map_.data_bytes())) return;
    if (is_plain_access(context)) {
        if (is_decrypted(payload, context)) return serve(payload, *context, delay);
        ++plain_accesses_;
        initiator_socket.b_transport(payload, delay);
        return;
    }
    if (context->vmid == chip_vmid || context->mode == Mode::chip) {
        payload.set_response_status(tlm::TLM_GENERIC_ERROR_RESPONSE);
        return;
    }
    serve(payload, *context, delay);
}

void MpeTlm::chip_b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
    const auto* context = payload.get_extension<SecurityContext>();
    payload.set_dmi_allowed(false);
    if (!check_payload(payload, map_.chip_base() + map_.chip_bytes())) return;
    if (context == nullptr || context->vmid != chip_vmid || payload.get_address() < map_.chip_base())
        payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
    else if (is_plain_access(context))
        initiator_socket.b_transport(payload, delay);
    else
        serve(payload, *context, delay);
}

void MpeTlm::control_b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
    const auto* context = payload.get_extension<SecurityContext>();
    payload.set_dmi_allowed(false);
    if (context != nullptr && context->page != PageCommand::none) {
        tlm::tlm_response_status status = judge_page_command(payload, *context);
        if (status == tlm::TLM_OK_RESPONSE) {
            ++page_commands_;
            const bool done = is_plain_access(context) ? serve_plain_page(payload, context->page, delay) : serve_page(payload, *context, delay);
            if (bus_.take_failure() || !done) status = tlm::TLM_GENERIC_ERROR_RESPONSE;
        }
        payload.set_response_status(status);
        return;
    }
    // Machine memory ends where the bus says.
    if (context == nullptr || context->vmid == host_vmid) {
        initiator_socket.b_transport(payload, delay);
        return;
    }
    if (!check_payload(payload, map_.data_bytes())) return;
    if (context->vmid == chip_vmid)
        payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
    else if (is_plain_access(context))
        initiator_socket.b_transport(payload, delay);
    else
        serve(payload, *context, delay);
}

tlm::tlm_response_status MpeTlm::judge_page_command(const tlm::tlm_generic_payload& payload, const SecurityContext& context) const {
    const PageCommand command = context.page;
    const bool is_move = command == PageCommand::move, is_question = command == PageCommand::verify || command == PageCommand::leaf;
    const bool needs_tree = command == PageCommand::lose || command == PageCommand::leaf;
    const tlm::tlm_command wanted = is_move ? tlm::TLM_WRITE_COMMAND : is_question ? tlm::TLM_READ_COMMAND : tlm::TLM_IGNORE_COMMAND;
    if (payload.get_command() != wanted) return tlm::TLM_COMMAND_ERROR_RESPONSE;
    if (needs_tree && (is_plain_access(&context) || parameters_.scheme.integrity != Integrity::bmt)) return tlm::TLM_COMMAND_ERROR_RESPONSE;
    if (payload.get_byte_enable_ptr() != nullptr) return tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE;
    const unsigned bytes = is_move ? 8 : 1;
    const bool fits = payload.get_data_ptr() != nullptr && payload.get_data_length() == bytes && payload.get_streaming_width() >= bytes;
    if ((is_move || is_question) && !fits)
        return tlm::TLM_BURST_ERROR_RESPONSE;
    const auto is_frame = [&](Address frame) {
        const bool inside = context.vmid == chip_vmid ? frame >= map_.chip_base() && map_.covers(frame) : frame < map_.data_bytes();
        return frame % page_bytes == 0 && inside;
    };
    const bool good = is_frame(payload.get_address()) && context.gpa % page_bytes == 0 && (!is_move || is_frame(load_le64(payload.get_data_ptr())));
    return good ? tlm::TLM_OK_RESPONSE : tlm::TLM_ADDRESS_ERROR_RESPONSE;
}

bool MpeTlm::serve_page(tlm::tlm_generic_payload& payload, const SecurityContext& context, sc_core::sc_time& delay) {
    // What is cached of a VM that was stopped must go, too.
    const bool refused = violations_.frozen(context.vmid) && context.page != PageCommand::settle;
    const std::optional<Slot> slot = refused ? std::nullopt : select(context.vmid);
    if (!slot) {
        ++refused_accesses_;
        return false;
    }
    const PageRef page{*slot, page_of(context.gpa), payload.get_address()};
    switch (context.page) {
        case PageCommand::release: return send_counter_command(MetadataCommand::release, page, delay);
        case PageCommand::lose: return send_counter_command(MetadataCommand::lose, page, delay);
        case PageCommand::settle: return send_counter_command(MetadataCommand::evict, page, delay);
        case PageCommand::move: return move_page(page, load_le64(payload.get_data_ptr()), delay);
        case PageCommand::verify: *payload.get_data_ptr() = verify_page(page, delay); return true;
        case PageCommand::leaf: return read_leaf(page, *payload.get_data_ptr(), delay);
        default: break;
    }
    timing_ = Timing();
    const bool done = !engine_.shred(page);
    delay += write_time();
    return done;
}

/// Without encryption a page is cleared by writing all of it, and moved by copying it.
bool MpeTlm::serve_plain_page(tlm::tlm_generic_payload& payload, PageCommand command, sc_core::sc_time& delay) {
    const Address frame = payload.get_address();
    if (command == PageCommand::shred || command == PageCommand::release) {
        const Bytes zeros(page_bytes);
        const Charge charge = bus_.charge(delay);
        bus_.write(frame, zeros.data(), zeros.size());
    } else if (command == PageCommand::move) {
        copy_bus(frame, load_le64(payload.get_data_ptr()), page_bytes, delay);
    } else if (command == PageCommand::verify) {
        *payload.get_data_ptr() = 1;
    }
    return true;
}

bool MpeTlm::send_counter_command(MetadataCommand command, const PageRef& page, sc_core::sc_time& delay) {
    counter_buffer_.valid = false;
    tlm::tlm_generic_payload& payload = counter_payload(tlm::TLM_IGNORE_COMMAND, page.slot, page.gpn, page.frame, nullptr);
    counter_payload_.context.metadata = command;
    counter_socket.b_transport(payload, delay);
    counter_payload_.context.metadata = MetadataCommand::none;
    return payload.is_response_ok();
}

bool MpeTlm::move_page(const PageRef& page, Address to, sc_core::sc_time& delay) {
    const std::uint64_t pages = read_register(vm_table_registers::entry(Register::pages).address_of(page.slot));
    if (page.gpn >= pages) {
        const auto vmid = static_cast<Vmid>(read_register(vm_table_registers::entry(Register::vmid).address_of(page.slot)));
        violations_.raise({Check::out_of_range, vmid, page.gpa(0), page.frame, 0, page.gpn});
        return false;
    }
    send_counter_command(MetadataCommand::evict, page, delay);
    copy_bus(map_.counter_of(page.frame), map_.counter_of(to), line_bytes, delay);
    copy_bus(map_.tag_of(page.frame), map_.tag_of(to), lines_per_page * map_.tag_bytes(), delay);
    copy_bus(page.frame, to, page_bytes, delay);
    return true;
}

/// Debug reads of counters, but the bus and the pads take their time.
bool MpeTlm::verify_page(const PageRef& page, sc_core::sc_time& delay) {
    Block64 plaintext;
    bool good = true;
    for (unsigned line = 0; good && line < lines_per_page; ++line) {
        timing_ = Timing();
        good = engine_.peek_line(page, line, *this, *this, plaintext.data());
        delay += read_time(true);
    }
    crypto::wipe(plaintext.data(), plaintext.size());
    return good;
}

bool MpeTlm::read_leaf(const PageRef& page, std::uint8_t& state, sc_core::sc_time& delay) {
    Block64 answer{};
    tlm::tlm_generic_payload& payload = counter_payload(tlm::TLM_READ_COMMAND, page.slot, page.gpn, page.frame, answer.data());
    counter_payload_.context.metadata = MetadataCommand::leaf;
    counter_socket.b_transport(payload, delay);
    counter_payload_.context.metadata = MetadataCommand::none;
    state = answer[0];
    return payload.is_response_ok();
}

void MpeTlm::copy_bus(Address from, Address to, std::size_t size, sc_core::sc_time& delay) {
    Bytes bytes(size);
    const Charge charge = bus_.charge(delay);
    bus_.read(from, bytes.data(), size);
    bus_.write(to, bytes.data(), size);
}

void MpeTlm::metadata_b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
    // Counter blocks and nodes only: data and tags have no business with the metadata cache.
    if (payload.get_address() < map_.counter_base())
        payload.set_response_status(payload.get_command() == tlm::TLM_IGNORE_COMMAND ? tlm::TLM_OK_RESPONSE : tlm::TLM_ADDRESS_ERROR_RESPONSE);
    else
        initiator_socket.b_transport(payload, delay);
}

unsigned MpeTlm::metadata_transport_dbg(tlm::tlm_generic_payload& payload) {
    return payload.get_address() < map_.counter_base() ? 0 : initiator_socket->transport_dbg(payload);
}

void MpeTlm::serve(tlm::tlm_generic_payload& payload, const SecurityContext& context, sc_core::sc_time& delay) {
    if ((context.gpa ^ payload.get_address()) % page_bytes != 0) {
        payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
        return;
    }
    const std::optional<Slot> slot = violations_.frozen(context.vmid) ? std::nullopt : select(context.vmid);
    if (!slot) {
        ++refused_accesses_;
        payload.set_response_status(tlm::TLM_GENERIC_ERROR_RESPONSE);
        return;
    }
    const Address hpa = payload.get_address();
    const bool is_line = !context.raw && is_plain(payload) && payload.get_data_length() == line_bytes && hpa % line_bytes == 0;
    const bool ok = is_line ? serve_line(payload.get_command(), {*slot, page_of(context.gpa), page_base(hpa)}, hpa, payload.get_data_ptr(), delay)
               : context.raw ? serve_unchecked(payload, context, *slot, delay)
                             : serve_pieces(payload, context, *slot, delay);
    payload.set_response_status(ok && !bus_.take_failure() ? tlm::TLM_OK_RESPONSE : tlm::TLM_GENERIC_ERROR_RESPONSE);
}

bool MpeTlm::serve_pieces(tlm::tlm_generic_payload& payload, const SecurityContext& context, Slot slot, sc_core::sc_time& delay) {
    const Address start = payload.get_address();
    return for_each_run(payload, [&](Address first, std::uint8_t* bytes, unsigned count) {
        return for_each_piece(first, bytes, count, line_bytes, [&](Address hpa, std::uint8_t* data, unsigned length) {
            const PageRef page{slot, page_of(context.gpa + (hpa - start)), page_base(hpa)};
            return length == line_bytes ? serve_line(payload.get_command(), page, hpa, data, delay)
                                        : serve_part(payload.get_command(), page, hpa, data, length, delay);
        });
    });
}

bool MpeTlm::serve_unchecked(tlm::tlm_generic_payload& payload, const SecurityContext& context, Slot slot, sc_core::sc_time& delay) {
    const Address start = payload.get_address();
    Block64 plaintext;
    const bool ok = for_each_run(payload, [&](Address first, std::uint8_t* bytes, unsigned count) {
        return for_each_piece(first, bytes, count, line_bytes, [&](Address hpa, std::uint8_t* data, unsigned length) {
            timing_ = Timing();
            engine_.decrypt_line({slot, page_of(context.gpa + (hpa - start)), page_base(hpa)}, line_in_page(hpa), plaintext.data());
            delay += read_time(false);
            std::copy_n(plaintext.data() + hpa % line_bytes, length, data);
            return true;
        });
    });
    crypto::wipe(plaintext.data(), plaintext.size());
    return ok;
}

bool MpeTlm::serve_line(tlm::tlm_command command, const PageRef& page, Address hpa, std::uint8_t* data, sc_core::sc_time& delay) {
    timing_ = Timing();
    if (command == tlm::TLM_READ_COMMAND) {
        const bool ok = !engine_.read_line(page, line_in_page(hpa), data);
        delay += read_time(parameters_.verification == Verification::precise);
        return ok;
    }
    const bool ok = !engine_.write_line(page, line_in_page(hpa), data);
    delay += write_time();
    return ok;
}

bool MpeTlm::serve_part(tlm::tlm_command command, const PageRef& page, Address hpa, std::uint8_t* data, unsigned length, sc_core::sc_time& delay) {
    const std::size_t offset = hpa % line_bytes;
    Block64 plaintext;
    timing_ = Timing();
    bool ok = !engine_.read_line(page, line_in_page(hpa), plaintext.data());
    // A merge waits for the line's own check: what is written back must be what was there.
    delay += read_time(command == tlm::TLM_WRITE_COMMAND || parameters_.verification == Verification::precise);
    if (ok && command == tlm::TLM_WRITE_COMMAND) {
        std::copy_n(data, length, plaintext.data() + offset);
        ok = serve_line(command, page, hpa, plaintext.data(), delay);
    } else if (ok) {
        std::copy_n(plaintext.data() + offset, length, data);
    }
    crypto::wipe(plaintext.data(), plaintext.size());
    return ok;
}

sc_core::sc_time MpeTlm::read_time(bool checked) const {
    sc_core::sc_time ready = std::max(std::max(timing_.counters, timing_.pads), timing_.data);
    const bool tagged = parameters_.scheme.integrity != Integrity::none && timing_.tags != sc_core::SC_ZERO_TIME;
    if (checked && tagged) ready = std::max(ready, timing_.tags) + mac_time();
    return ready;
}

sc_core::sc_time MpeTlm::mac_time() const {
    return parameters_.ghash ? parameters_.cycle * static_cast<double>(parameters_.ghash->cycles()) : parameters_.mac_latency;
}

sc_core::sc_time MpeTlm::write_time() const {
    return std::max(std::max(timing_.counters, timing_.pads), std::max(timing_.data, timing_.tags));
}

std::optional<Slot> MpeTlm::make_resident(Vmid vmid) {
    std::array<std::uint8_t, 8> value;
    store_le64(value.data(), vmid);
    sc_core::sc_time none;
    vm_table_socket->b_transport(register_payload_.write(vm_table_registers::entry(Register::select).address, value.data(), value.size()), none);
    return slot_of(vmid);
}

std::uint64_t MpeTlm::read_register(Address address) {
    std::array<std::uint8_t, 8> value{};
    sc_core::sc_time none;
    vm_table_socket->b_transport(register_payload_.read(address, value.data(), value.size()), none);
    return load_le64(value.data());
}

bool MpeTlm::take_key(Slot slot, KeyPart part, const crypto::Key128& key) {
    counter_buffer_.valid = false;
    if (slot >= pending_k_data_.size()) pending_k_data_.resize(slot + std::size_t{1});
    if (part == KeyPart::k_data) {
        pending_k_data_[slot] = key;
    } else if (part == KeyPart::k_mac) {
        const auto vmid = static_cast<Vmid>(read_register(vm_table_registers::entry(Register::vmid).address_of(slot)));
        const Lpid floor = read_register(vm_table_registers::entry(Register::lpid_floor).address_of(slot));
        engine_.install(slot, vmid, floor, pending_k_data_[slot], key);
        pending_k_data_[slot] = crypto::Key128();
        if (vmid >= slots_.size()) slots_.resize(vmid + std::size_t{1}, no_slot);
        slots_[vmid] = slot;
    } else if (part == KeyPart::revoke) {
        engine_.revoke(slot);
        std::replace(slots_.begin(), slots_.end(), slot, no_slot);
    } else {
        return false;
    }
    return true;
}

void MpeTlm::flush(Vmid vmid) {
    const auto slot = select(vmid);
    if (!slot) return;
    counter_buffer_.valid = false;
    tlm::tlm_generic_payload& payload = counter_payload(tlm::TLM_IGNORE_COMMAND, *slot, 0, 0, nullptr);
    counter_payload_.context.metadata = MetadataCommand::evict_all;
    sc_core::sc_time none;
    counter_socket.b_transport(payload, none);
    counter_payload_.context.metadata = MetadataCommand::none;
}

void MpeTlm::generate(Slot slot, const crypto::Iv* ivs, std::size_t lines, std::uint8_t* pads) {
    pad_payload_.context.key_slot = slot;
    pad_payload_.context.ivs = ivs;
    timing_.pads = std::max(timing_.pads, timing_.counters);
    pad_socket.b_transport(pad_payload_.read(0, pads, lines * pad_bytes), timing_.pads);
}

tlm::tlm_generic_payload& MpeTlm::counter_payload(tlm::tlm_command command, Slot slot, Gpn gpn, Address frame, std::uint8_t* data) {
    counter_payload_.context.key_slot = slot;
    counter_payload_.context.gpa = gpn * page_bytes;
    counter_payload_.context.frame = frame;
    return counter_payload_.prepare(command, gpn * line_bytes, data, line_bytes);
}

MaybeViolation MpeTlm::send_counters(tlm::tlm_generic_payload& payload) {
    counter_socket.b_transport(payload, timing_.counters);
    if (payload.is_response_ok()) return std::nullopt;
    return violations_.last();
}

MaybeViolation MpeTlm::read(Slot slot, Gpn gpn, Address frame, CounterBlock& block) {
    CounterBuffer& buffer = counter_buffer_;
    if (buffer.valid && buffer.slot == slot && buffer.gpn == gpn && buffer.frame == frame) {
        ++counter_buffer_hits_;
        block = buffer.block;
        return std::nullopt;
    }
    buffer.valid = false;
    if (auto violation = send_counters(counter_payload(tlm::TLM_READ_COMMAND, slot, gpn, frame, block.bytes().data()))) return violation;
    if (!block.empty()) buffer = {true, slot, gpn, frame, block};
    return std::nullopt;
}

MaybeViolation MpeTlm::write(Slot slot, Gpn gpn, Address frame, const CounterBlock& block) {
    counter_buffer_ = {false, slot, gpn, frame, block};
    if (auto violation = send_counters(counter_payload(tlm::TLM_WRITE_COMMAND, slot, gpn, frame, counter_buffer_.block.bytes().data())))
        return violation;
    counter_buffer_.valid = true;
    return std::nullopt;
}

bool MpeTlm::peek(Slot slot, Gpn gpn, Address frame, CounterBlock& block) {
    return counter_socket->transport_dbg(counter_payload(tlm::TLM_READ_COMMAND, slot, gpn, frame, block.bytes().data())) == line_bytes;
}

void MpeTlm::read(Address address, std::uint8_t* data, std::size_t size) {
    // The engine itself reads a counter block only to decrypt without checks; all others come from the hash tree.
    bus_.charge_to(address < map_.counter_base() ? timing_.data : address < map_.tag_base() ? timing_.counters : timing_.tags);
    bus_.read(address, data, size);
}

void MpeTlm::write(Address address, const std::uint8_t* data, std::size_t size) {
    // Ciphertext exists when the pads do.
    sc_core::sc_time& lane = address < map_.counter_base() ? timing_.data : timing_.tags;
    lane = std::max(lane, timing_.pads);
    bus_.charge_to(lane);
    bus_.write(address, data, size);
}

unsigned MpeTlm::transport_dbg(tlm::tlm_generic_payload& payload) {
    const auto* context = payload.get_extension<SecurityContext>();
    const unsigned length = debug_length(payload, map_.data_bytes());
    if (length == 0) return 0;
    if (is_plain_access(context)) return peek_plain(payload, length);
    return context->vmid == chip_vmid || context->mode == Mode::chip ? 0 : peek(payload, *context, length);
}

unsigned MpeTlm::chip_transport_dbg(tlm::tlm_generic_payload& payload) {
    const auto* context = payload.get_extension<SecurityContext>();
    const unsigned length = debug_length(payload, map_.chip_base() + map_.chip_bytes());
    if (length == 0 || context == nullptr || context->vmid != chip_vmid || payload.get_address() < map_.chip_base()) return 0;
    return is_plain_access(context) ? peek_plain(payload, length) : peek(payload, *context, length);
}

unsigned MpeTlm::peek_plain(tlm::tlm_generic_payload& payload, unsigned length) {
    const unsigned asked = payload.get_data_length();
    payload.set_data_length(length);
    const unsigned done = initiator_socket->transport_dbg(payload);
    payload.set_data_length(asked);
    return done;
}

/// What a domain sees of its own memory. A debug write would move a counter, and is refused.
unsigned MpeTlm::peek(tlm::tlm_generic_payload& payload, const SecurityContext& context, unsigned count) {
    const auto slot = slot_of(context.vmid);
    const bool aligned = (context.gpa ^ payload.get_address()) % page_bytes == 0;
    if (!payload.is_read() || !slot || !aligned || violations_.frozen(context.vmid)) return 0;
    PeekStore memory(bus_);
    PeekPads pads(pad_socket, pad_payload_);
    unsigned done = 0;
    const Address start = payload.get_address();
    for_each_piece(start, payload.get_data_ptr(), count, line_bytes, [&](Address hpa, std::uint8_t* data, unsigned length) {
        const PageRef page{*slot, page_of(context.gpa + (hpa - start)), page_base(hpa)};
        Block64 plaintext;
        if (!engine_.peek_line(page, line_in_page(hpa), memory, pads, plaintext.data())) return false;
        std::copy_n(plaintext.data() + hpa % line_bytes, length, data);
        done += length;
        return true;
    });
    return done;
}

bool MpeTlm::get_direct_mem_ptr(tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi) {
    const auto* context = payload.get_extension<SecurityContext>();
    const bool host = context == nullptr || context->vmid == host_vmid;
    if (!host || payload.get_address() >= map_.data_bytes())
        return refuse_dmi(dmi, page_base(payload.get_address()), page_base(payload.get_address()) + page_bytes - 1);
    return initiator_socket->get_direct_mem_ptr(payload, dmi);
}

void MpeTlm::invalidate_direct_mem_ptr(sc_dt::uint64 first, sc_dt::uint64 last) { target_socket->invalidate_direct_mem_ptr(first, last); }

void MpeTlm::collect(StatisticsGroup& group) const {
    const ProtectionEngine::Statistics& s = engine_.statistics();
    group.add("plain_accesses", plain_accesses_, "accesses");
    group.add("lines_read", s.lines_read, "lines");
    group.add("lines_written", s.lines_written, "lines");
    group.add("unwritten_reads", s.unwritten_reads, "lines");
    group.add("unchecked_reads", s.unchecked_reads, "lines");
    group.add("pages_created", s.pages_created, "pages");
    group.add("overflows", s.overflows, "pages");
    group.add("floor_renewals", s.floor_renewals, "pages");
    group.add("reencrypted_lines", s.reencrypted_lines, "lines");
    group.add("counter_buffer_hits", counter_buffer_hits_, "accesses");
    group.add("refused_accesses", refused_accesses_, "accesses");
    group.add("page_commands", page_commands_, "commands");
}

}  // namespace coffer
