// The handshake of CMAC, whose blocks go through one pipeline up to five times, whatever its rounds compute.
`include "channel_rules.v"
`include "flow_rules.v"

module cmac_rules (
    input wire clk, input wire rst_n, input wire in_valid, input wire in_derive, input wire [127:0] in_key, input wire [127:0] in_subkey,
    input wire [63:0] in_level, input wire [63:0] in_index, input wire [511:0] in_node, input wire out_ready
);
    wire in_ready, out_valid, started, valid_;
    wire [127:0] out_tag;
    wire [10:0] filled;
    wire [32:0] left_;
    wire [7:0] in_flight, starved;
    cmac block (.*, .\aes_.control.filled (filled));
    channel_rules #(.WIDTH(128)) out (.clk(clk), .rst_n(rst_n), .valid(out_valid), .ready(out_ready), .payload(out_tag));
    flow_rules #(.LONGEST(55)) flow (.*, .takes(in_valid && in_ready), .held(held));

    // A tag of those that somebody waits for has made at least as many steps as the wait is long; one that waits at the output has made all.
    reg [7:0] held;
    reg moves, five_at_most;
    integer i;
    always @(*) begin
        held = valid_;
        moves = valid_;
        five_at_most = 1;
        for (i = 0; i < 11; i = i + 1) begin
            held = held + filled[i];
            if (filled[i] && 11 * (4 - left_[3 * i +: 3]) + i >= starved) moves = 1;
            if (filled[i] && left_[3 * i +: 3] > 4) five_at_most = 0;
        end
    end

    always @(*) if (started) begin
        blocks_are_five: assert (five_at_most);
        moves_on: assert (in_flight == 0 || moves);
        valid_waits_for_nothing: assert (out_valid == valid_);
    end
endmodule
