#include "bmt/hash_tree_tlm.h"

#include <algorithm>

#include "common/charge_tlm.h"
#include "vm_table/register_table.h"

namespace coffer {

namespace {

using vm_table_registers::Register;

Address register_address(Register name, Slot slot) { return vm_table_registers::entry(name).address_of(slot); }

}  // namespace

HashTreeTlm::HashTreeTlm(const sc_core::sc_module_name& name, const Parameters& parameters, const AddressMap& map, ViolationLog& violations)
    : sc_module(name),
      target_socket("target_socket"),
      settle_socket("settle_socket"),
      key_socket("key_socket", [this](Slot slot, KeyPart part, const crypto::Key128& key) { return take_key(slot, part, key); }),
      metadata_socket("metadata_socket"),
      vm_table_socket("vm_table_socket"),
      parameters_(parameters),
      tree_(parameters.scheme, map, *this, *this, violations) {
    metadata_payload_.context.mode = Mode::chip;
    settle_payload_.context.mode = Mode::chip;
    register_payload_.context.mode = Mode::chip;
    target_socket.serve<&HashTreeTlm::b_transport, &HashTreeTlm::transport_dbg>(*this);
    settle_socket.serve<&HashTreeTlm::settle_b_transport>(*this);
}

tlm::tlm_response_status HashTreeTlm::judge(const tlm::tlm_generic_payload& payload, const SecurityContext* context) const {
    if (!payload.is_read() && !payload.is_write()) return tlm::TLM_COMMAND_ERROR_RESPONSE;
    if (payload.get_byte_enable_ptr() != nullptr) return tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE;
    if (payload.get_data_ptr() == nullptr || payload.get_data_length() != line_bytes || payload.get_streaming_width() < line_bytes)
        return tlm::TLM_BURST_ERROR_RESPONSE;
    if (payload.get_address() % line_bytes != 0) return tlm::TLM_ADDRESS_ERROR_RESPONSE;
    if (context == nullptr || !tree_.installed(context->key_slot)) return tlm::TLM_GENERIC_ERROR_RESPONSE;
    return tlm::TLM_OK_RESPONSE;
}

tlm::tlm_response_status HashTreeTlm::command(const tlm::tlm_generic_payload& payload, const SecurityContext* context) {
    if (context == nullptr || !tree_.installed(context->key_slot)) return tlm::TLM_OK_RESPONSE;
    const Slot slot = context->key_slot;
    const Gpn gpn = payload.get_address() / line_bytes;
    MaybeViolation violation;
    switch (context->metadata) {
        case MetadataCommand::evict: tree_.evict(slot, gpn, context->frame); break;
        case MetadataCommand::evict_all: tree_.flush(slot); break;
        case MetadataCommand::release: violation = tree_.release(slot, gpn, context->frame); break;
        case MetadataCommand::lose:
            if (parameters_.scheme.integrity != Integrity::bmt) return tlm::TLM_COMMAND_ERROR_RESPONSE;
            violation = tree_.mark_lost(slot, gpn, context->frame);
            break;
        default: break;
    }
    return violation ? tlm::TLM_GENERIC_ERROR_RESPONSE : tlm::TLM_OK_RESPONSE;
}

tlm::tlm_response_status HashTreeTlm::serve(tlm::tlm_generic_payload& payload, const SecurityContext& context) {
    const Gpn gpn = payload.get_address() / line_bytes;
    CounterBlock block;
    MaybeViolation violation;
    if (payload.is_read() && context.metadata == MetadataCommand::leaf) {
        if (parameters_.scheme.integrity != Integrity::bmt) return tlm::TLM_COMMAND_ERROR_RESPONSE;
        LeafState state = LeafState::empty;
        violation = tree_.leaf_state(context.key_slot, gpn, state);
        std::fill_n(payload.get_data_ptr(), line_bytes, std::uint8_t{0});
        payload.get_data_ptr()[0] = static_cast<std::uint8_t>(state);
    } else if (payload.is_read()) {
        violation = tree_.read(context.key_slot, gpn, context.frame, block);
        if (!violation) std::copy(block.bytes().begin(), block.bytes().end(), payload.get_data_ptr());
    } else {
        std::copy_n(payload.get_data_ptr(), line_bytes, block.bytes().begin());
        violation = tree_.write(context.key_slot, gpn, context.frame, block);
    }
    return violation ? tlm::TLM_GENERIC_ERROR_RESPONSE : tlm::TLM_OK_RESPONSE;
}

void HashTreeTlm::b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
    const auto* context = payload.get_extension<SecurityContext>();
    payload.set_dmi_allowed(false);
    const Charge charge(delay_, delay);
    const std::uint64_t before = checks();
    tlm::tlm_response_status status = tlm::TLM_OK_RESPONSE;
    if (payload.get_command() == tlm::TLM_IGNORE_COMMAND)
        status = command(payload, context);
    else if (status = judge(payload, context); status == tlm::TLM_OK_RESPONSE)
        status = serve(payload, *context);
    const std::uint64_t made = checks() - before;
    if (made != 0) delay += parameters_.mac_latency * static_cast<double>(made);
    payload.set_response_status(status);
}

unsigned HashTreeTlm::transport_dbg(tlm::tlm_generic_payload& payload) {
    const auto* context = payload.get_extension<SecurityContext>();
    CounterBlock block;
    if (!payload.is_read() || judge(payload, context) != tlm::TLM_OK_RESPONSE ||
        !tree_.peek(context->key_slot, payload.get_address() / line_bytes, context->frame, block))
        return 0;
    std::copy(block.bytes().begin(), block.bytes().end(), payload.get_data_ptr());
    return line_bytes;
}

void HashTreeTlm::settle_b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
    const auto* context = payload.get_extension<SecurityContext>();
    payload.set_dmi_allowed(false);
    if (payload.get_command() == tlm::TLM_IGNORE_COMMAND) {
        payload.set_response_status(tlm::TLM_OK_RESPONSE);
        return;
    }
    const tlm::tlm_response_status status = payload.is_write() ? judge(payload, context) : tlm::TLM_COMMAND_ERROR_RESPONSE;
    if (status == tlm::TLM_OK_RESPONSE) {
        const Charge charge(delay_, delay);
        Block64 block;
        std::copy_n(payload.get_data_ptr(), line_bytes, block.begin());
        settling_ = true;
        const std::uint64_t before = checks();
        tree_.settle(payload.get_address(), {context->key_slot, context->level, context->index}, block);
        posted_checks_ += checks() - before;
        settling_ = false;
    }
    payload.set_response_status(status);
}

bool HashTreeTlm::take_key(Slot slot, KeyPart part, const crypto::Key128& key) {
    if (part == KeyPart::revoke) {
        tree_.revoke(slot);
        return true;
    }
    if (part != KeyPart::k_node) return false;
    const auto field = [&](Register name) {
        std::array<std::uint8_t, 8> bytes{};
        sc_core::sc_time none;
        vm_table_socket->b_transport(register_payload_.read(register_address(name, slot), bytes.data(), bytes.size()), none);
        return load_le64(bytes.data());
    };
    const std::uint64_t pages = field(Register::pages);
    if (pages == 0 || pages > TreeGeometry::max_pages) return false;
    tree_.install(slot, {static_cast<Vmid>(field(Register::vmid)), pages, field(Register::addr_tree)}, key);
    return true;
}

void HashTreeTlm::send_metadata(MetadataCommand metadata, const BlockId& id, tlm::tlm_generic_payload& payload) {
    SecurityContext& context = metadata_payload().context;
    context.metadata = metadata;
    context.key_slot = id.slot;
    context.level = id.level;
    context.index = id.index;
    metadata_socket.b_transport(payload, *delay_);
}

bool HashTreeTlm::look_up(Address address, const BlockId& id, Block64& block) {
    send_metadata(MetadataCommand::look_up, id, metadata_payload().read(address, block.data(), block.size()));
    return metadata_payload().context.trusted;
}

void HashTreeTlm::fetch(Address address, const BlockId& id, Block64& block) {
    block.fill(0);
    send_metadata(MetadataCommand::none, id, metadata_payload().read(address, block.data(), block.size()));
}

bool HashTreeTlm::peek(Address address, const BlockId& id, Block64& block) {
    SecurityContext& context = metadata_payload().context;
    context.key_slot = id.slot;
    context.level = id.level;
    context.index = id.index;
    context.trusted = false;
    block.fill(0);
    metadata_socket->transport_dbg(metadata_payload().read(address, block.data(), block.size()));
    return context.trusted;
}

void HashTreeTlm::write(Address address, const BlockId& id, const Block64& block) {
    send_metadata(MetadataCommand::none, id, metadata_payload().write(address, block.data(), block.size()));
}

void HashTreeTlm::install(Address address, const BlockId& id, const Block64& block, bool dirty) {
    metadata_payload().context.dirty = dirty;
    send_metadata(MetadataCommand::install, id, metadata_payload().write(address, block.data(), block.size()));
}

void HashTreeTlm::drop(Address address, const BlockId& id) {
    send_metadata(MetadataCommand::drop, id, metadata_payload().prepare(tlm::TLM_IGNORE_COMMAND, address, nullptr, 0));
}

void HashTreeTlm::evict(Address address, const BlockId& id) {
    send_metadata(MetadataCommand::evict, id, metadata_payload().prepare(tlm::TLM_IGNORE_COMMAND, address, nullptr, 0));
}

void HashTreeTlm::evict_all(Slot slot) {
    send_metadata(MetadataCommand::evict_all, {slot, 0, 0}, metadata_payload().prepare(tlm::TLM_IGNORE_COMMAND, 0, nullptr, 0));
}

void HashTreeTlm::collect(StatisticsGroup& group) const {
    const HashTree::Statistics& s = tree_.statistics();
    group.add("verified_blocks", s.verified_blocks, "blocks");
    group.add("verified_nodes", s.verified_nodes, "nodes");
    group.add("settled_blocks", s.settled_blocks, "blocks");
    group.add("root_updates", s.root_updates, "updates");
}

NodeTag HashTreeTlm::root(Slot slot) {
    NodeTag root{};
    sc_core::sc_time none;
    vm_table_socket->b_transport(register_payload_.read(register_address(Register::root, slot), root.data(), root.size()), none);
    return root;
}

void HashTreeTlm::set_root(Slot slot, const NodeTag& root) {
    sc_core::sc_time none;
    vm_table_socket->b_transport(register_payload_.write(register_address(Register::root, slot), root.data(), root.size()), none);
}

}  // namespace coffer
