// AesPipeline<SboxKind::table>, generated from models/crypto/aes_pipeline_synth.h by scripts/regenerate: do not edit.
module aes_pipeline_table (
	clk,
	rst_n,
	in_valid,
	in_ready,
	in_block,
	in_key,
	out_valid,
	out_ready,
	out_block
);
	input wire clk;
	input wire rst_n;
	input wire in_valid;
	output wire in_ready;
	input wire [127:0] in_block;
	input wire [127:0] in_key;
	output wire out_valid;
	input wire out_ready;
	output wire [127:0] out_block;
	wire [1279:0] round_key;
	wire advance;
	aes_pipeline_table_PipelineControl control(
		.clk(clk),
		.rst_n(rst_n),
		.in_valid(in_valid),
		.in_ready(in_ready),
		.out_valid(out_valid),
		.out_ready(out_ready),
		.advance(advance)
	);
	aes_pipeline_table_AesKeySchedule key_schedule(
		.clk(clk),
		.advance(advance),
		.first_key(in_key),
		.round_key(round_key)
	);
	aes_pipeline_table_AesStates states(
		.clk(clk),
		.advance(advance),
		.block(in_block),
		.first_key(in_key),
		.round_key(round_key),
		.result(out_block)
	);
endmodule
module aes_pipeline_table_PipelineControl (
	clk,
	rst_n,
	in_valid,
	in_ready,
	out_valid,
	out_ready,
	advance
);
	reg _sv2v_0;
	input wire clk;
	input wire rst_n;
	input wire in_valid;
	output reg in_ready;
	output reg out_valid;
	input wire out_ready;
	output reg advance;
	reg [10:0] filled;
	always @(*) begin : give_valid
		if (_sv2v_0)
			;
		out_valid = filled[10];
	end
	always @(*) begin : give_ready
		reg result_waits;
		reg moves;
		if (_sv2v_0)
			;
		result_waits = filled[10];
		moves = !result_waits || out_ready;
		advance = moves;
		in_ready = moves;
	end
	reg [10:0] filled_next;
	task move_func;
		reg result_waits;
		begin
			filled_next = filled;
			result_waits = filled[10];
			if (!result_waits || out_ready)
				filled_next = {filled[9:0], in_valid};
		end
	endtask
	always @(in_valid or filled[9:0] or out_ready or filled[10] or filled or _sv2v_0) begin : move_comb
		if (_sv2v_0)
			;
		move_func;
	end
	always @(posedge clk) begin : move_ff
		if (~rst_n)
			filled <= 1'sb0;
		else
			filled <= filled_next;
	end
	initial _sv2v_0 = 0;
endmodule
module aes_pipeline_table_AesKeySchedule (
	clk,
	advance,
	first_key,
	round_key
);
	reg _sv2v_0;
	input wire clk;
	input wire advance;
	input wire [127:0] first_key;
	output reg [1279:0] round_key;
	wire [79:0] round_constant;
	reg [1279:0] key;
	wire [1279:0] next_key;
	localparam [31:0] aes_rounds = 10;
	assign round_constant[0+:8] = 1'd1;
	assign round_constant[8+:8] = 2'h2;
	assign round_constant[16+:8] = 3'h4;
	assign round_constant[24+:8] = 4'h8;
	assign round_constant[32+:8] = 5'h10;
	assign round_constant[40+:8] = 6'h20;
	assign round_constant[48+:8] = 7'h40;
	assign round_constant[56+:8] = 8'h80;
	assign round_constant[64+:8] = 5'h1b;
	assign round_constant[72+:8] = 6'h36;
	always @(*) begin : give_round_keys
		if (_sv2v_0)
			;
		begin : sv2v_autoblock_1
			reg [31:0] i;
			for (i = 0; i < aes_rounds; i = i + 1)
				round_key[i * 128+:128] = next_key[i * 128+:128];
		end
	end
	reg [1279:0] key_next;
	task move_func;
		begin
			key_next = key;
			if (advance) begin
				key_next[0+:128] = first_key;
				begin : sv2v_autoblock_2
					reg [31:0] i;
					for (i = 1; i < aes_rounds; i = i + 1)
						key_next[i * 128+:128] = next_key[(i - 1) * 128+:128];
				end
			end
		end
	endtask
	always @(next_key or first_key or advance or key or _sv2v_0) begin : move_comb
		if (_sv2v_0)
			;
		move_func;
	end
	always @(posedge clk) begin : move_ff
		key <= key_next;
	end
	aes_pipeline_table_AesKeyStep step_0(
		.key(key[0+:128]),
		.round_constant(round_constant[0+:8]),
		.next_key(next_key[0+:128])
	);
	aes_pipeline_table_AesKeyStep step_1(
		.key(key[128+:128]),
		.round_constant(round_constant[8+:8]),
		.next_key(next_key[128+:128])
	);
	aes_pipeline_table_AesKeyStep step_2(
		.key(key[256+:128]),
		.round_constant(round_constant[16+:8]),
		.next_key(next_key[256+:128])
	);
	aes_pipeline_table_AesKeyStep step_3(
		.key(key[384+:128]),
		.round_constant(round_constant[24+:8]),
		.next_key(next_key[384+:128])
	);
	aes_pipeline_table_AesKeyStep step_4(
		.key(key[512+:128]),
		.round_constant(round_constant[32+:8]),
		.next_key(next_key[512+:128])
	);
	aes_pipeline_table_AesKeyStep step_5(
		.key(key[640+:128]),
		.round_constant(round_constant[40+:8]),
		.next_key(next_key[640+:128])
	);
	aes_pipeline_table_AesKeyStep step_6(
		.key(key[768+:128]),
		.round_constant(round_constant[48+:8]),
		.next_key(next_key[768+:128])
	);
	aes_pipeline_table_AesKeyStep step_7(
		.key(key[896+:128]),
		.round_constant(round_constant[56+:8]),
		.next_key(next_key[896+:128])
	);
	aes_pipeline_table_AesKeyStep step_8(
		.key(key[1024+:128]),
		.round_constant(round_constant[64+:8]),
		.next_key(next_key[1024+:128])
	);
	aes_pipeline_table_AesKeyStep step_9(
		.key(key[1152+:128]),
		.round_constant(round_constant[72+:8]),
		.next_key(next_key[1152+:128])
	);
	initial _sv2v_0 = 0;
endmodule
module aes_pipeline_table_AesKeyStep (
	key,
	round_constant,
	next_key
);
	reg _sv2v_0;
	input wire [127:0] key;
	input wire [7:0] round_constant;
	output reg [127:0] next_key;
	reg [31:0] sbox_in;
	wire [31:0] sbox_out;
	function automatic [31:0] sv2v_cast_32;
		input reg [31:0] inp;
		sv2v_cast_32 = inp;
	endfunction
	always @(*) begin : rotate_word
		reg [127:0] old;
		reg [31:0] low;
		if (_sv2v_0)
			;
		old = key;
		begin : sv2v_autoblock_1
			reg [31:0] row;
			for (row = 0; row < 4; row = row + 1)
				begin
					low = sv2v_cast_32(5'd24 - sv2v_cast_32(4'd8 * (sv2v_cast_32(row + 1'd1) % 3'd4)));
					sbox_in[row * 8+:8] = sv2v_cast_32(old[low+:8]);
				end
		end
	end
	always @(*) begin : expand
		reg [127:0] old;
		reg [31:0] word;
		reg [127:0] expanded;
		reg [31:0] low;
		if (_sv2v_0)
			;
		old = key;
		word = 1'sb0;
		begin : sv2v_autoblock_2
			reg [31:0] row;
			for (row = 0; row < 4; row = row + 1)
				word[24 - (8 * row)+:8] = sbox_out[row * 8+:8];
		end
		word[31:24] = sbox_out[0+:8] ^ round_constant;
		expanded = 1'sb0;
		begin : sv2v_autoblock_3
			reg [31:0] i;
			for (i = 0; i < 4; i = i + 1)
				begin
					low = sv2v_cast_32(7'd96 - sv2v_cast_32(6'd32 * i));
					word = word ^ sv2v_cast_32(old[low+:32]);
					expanded[low+:32] = word;
				end
		end
		next_key = expanded;
	end
	aes_pipeline_table_Sbox sbox_0(
		.in(sbox_in[0+:8]),
		.out(sbox_out[0+:8])
	);
	aes_pipeline_table_Sbox sbox_1(
		.in(sbox_in[8+:8]),
		.out(sbox_out[8+:8])
	);
	aes_pipeline_table_Sbox sbox_2(
		.in(sbox_in[16+:8]),
		.out(sbox_out[16+:8])
	);
	aes_pipeline_table_Sbox sbox_3(
		.in(sbox_in[24+:8]),
		.out(sbox_out[24+:8])
	);
	initial _sv2v_0 = 0;
endmodule
module aes_pipeline_table_Sbox (
	in,
	out
);
	reg _sv2v_0;
	input wire [7:0] in;
	output reg [7:0] out;
	always @(*) begin : substitute
		if (_sv2v_0)
			;
		case (~in[7:0])
			8'd255: out = 8'd99;
			8'd254: out = 8'd124;
			8'd253: out = 8'd119;
			8'd252: out = 8'd123;
			8'd251: out = 8'd242;
			8'd250: out = 8'd107;
			8'd249: out = 8'd111;
			8'd248: out = 8'd197;
			8'd247: out = 8'd48;
			8'd246: out = 8'd1;
			8'd245: out = 8'd103;
			8'd244: out = 8'd43;
			8'd243: out = 8'd254;
			8'd242: out = 8'd215;
			8'd241: out = 8'd171;
			8'd240: out = 8'd118;
			8'd239: out = 8'd202;
			8'd238: out = 8'd130;
			8'd237: out = 8'd201;
			8'd236: out = 8'd125;
			8'd235: out = 8'd250;
			8'd234: out = 8'd89;
			8'd233: out = 8'd71;
			8'd232: out = 8'd240;
			8'd231: out = 8'd173;
			8'd230: out = 8'd212;
			8'd229: out = 8'd162;
			8'd228: out = 8'd175;
			8'd227: out = 8'd156;
			8'd226: out = 8'd164;
			8'd225: out = 8'd114;
			8'd224: out = 8'd192;
			8'd223: out = 8'd183;
			8'd222: out = 8'd253;
			8'd221: out = 8'd147;
			8'd220: out = 8'd38;
			8'd219: out = 8'd54;
			8'd218: out = 8'd63;
			8'd217: out = 8'd247;
			8'd216: out = 8'd204;
			8'd215: out = 8'd52;
			8'd214: out = 8'd165;
			8'd213: out = 8'd229;
			8'd212: out = 8'd241;
			8'd211: out = 8'd113;
			8'd210: out = 8'd216;
			8'd209: out = 8'd49;
			8'd208: out = 8'd21;
			8'd207: out = 8'd4;
			8'd206: out = 8'd199;
			8'd205: out = 8'd35;
			8'd204: out = 8'd195;
			8'd203: out = 8'd24;
			8'd202: out = 8'd150;
			8'd201: out = 8'd5;
			8'd200: out = 8'd154;
			8'd199: out = 8'd7;
			8'd198: out = 8'd18;
			8'd197: out = 8'd128;
			8'd196: out = 8'd226;
			8'd195: out = 8'd235;
			8'd194: out = 8'd39;
			8'd193: out = 8'd178;
			8'd192: out = 8'd117;
			8'd191: out = 8'd9;
			8'd190: out = 8'd131;
			8'd189: out = 8'd44;
			8'd188: out = 8'd26;
			8'd187: out = 8'd27;
			8'd186: out = 8'd110;
			8'd185: out = 8'd90;
			8'd184: out = 8'd160;
			8'd183: out = 8'd82;
			8'd182: out = 8'd59;
			8'd181: out = 8'd214;
			8'd180: out = 8'd179;
			8'd179: out = 8'd41;
			8'd178: out = 8'd227;
			8'd177: out = 8'd47;
			8'd176: out = 8'd132;
			8'd175: out = 8'd83;
			8'd174: out = 8'd209;
			8'd173: out = 8'd0;
			8'd172: out = 8'd237;
			8'd171: out = 8'd32;
			8'd170: out = 8'd252;
			8'd169: out = 8'd177;
			8'd168: out = 8'd91;
			8'd167: out = 8'd106;
			8'd166: out = 8'd203;
			8'd165: out = 8'd190;
			8'd164: out = 8'd57;
			8'd163: out = 8'd74;
			8'd162: out = 8'd76;
			8'd161: out = 8'd88;
			8'd160: out = 8'd207;
			8'd159: out = 8'd208;
			8'd158: out = 8'd239;
			8'd157: out = 8'd170;
			8'd156: out = 8'd251;
			8'd155: out = 8'd67;
			8'd154: out = 8'd77;
			8'd153: out = 8'd51;
			8'd152: out = 8'd133;
			8'd151: out = 8'd69;
			8'd150: out = 8'd249;
			8'd149: out = 8'd2;
			8'd148: out = 8'd127;
			8'd147: out = 8'd80;
			8'd146: out = 8'd60;
			8'd145: out = 8'd159;
			8'd144: out = 8'd168;
			8'd143: out = 8'd81;
			8'd142: out = 8'd163;
			8'd141: out = 8'd64;
			8'd140: out = 8'd143;
			8'd139: out = 8'd146;
			8'd138: out = 8'd157;
			8'd137: out = 8'd56;
			8'd136: out = 8'd245;
			8'd135: out = 8'd188;
			8'd134: out = 8'd182;
			8'd133: out = 8'd218;
			8'd132: out = 8'd33;
			8'd131: out = 8'd16;
			8'd130: out = 8'd255;
			8'd129: out = 8'd243;
			8'd128: out = 8'd210;
			8'd127: out = 8'd205;
			8'd126: out = 8'd12;
			8'd125: out = 8'd19;
			8'd124: out = 8'd236;
			8'd123: out = 8'd95;
			8'd122: out = 8'd151;
			8'd121: out = 8'd68;
			8'd120: out = 8'd23;
			8'd119: out = 8'd196;
			8'd118: out = 8'd167;
			8'd117: out = 8'd126;
			8'd116: out = 8'd61;
			8'd115: out = 8'd100;
			8'd114: out = 8'd93;
			8'd113: out = 8'd25;
			8'd112: out = 8'd115;
			8'd111: out = 8'd96;
			8'd110: out = 8'd129;
			8'd109: out = 8'd79;
			8'd108: out = 8'd220;
			8'd107: out = 8'd34;
			8'd106: out = 8'd42;
			8'd105: out = 8'd144;
			8'd104: out = 8'd136;
			8'd103: out = 8'd70;
			8'd102: out = 8'd238;
			8'd101: out = 8'd184;
			8'd100: out = 8'd20;
			8'd99: out = 8'd222;
			8'd98: out = 8'd94;
			8'd97: out = 8'd11;
			8'd96: out = 8'd219;
			8'd95: out = 8'd224;
			8'd94: out = 8'd50;
			8'd93: out = 8'd58;
			8'd92: out = 8'd10;
			8'd91: out = 8'd73;
			8'd90: out = 8'd6;
			8'd89: out = 8'd36;
			8'd88: out = 8'd92;
			8'd87: out = 8'd194;
			8'd86: out = 8'd211;
			8'd85: out = 8'd172;
			8'd84: out = 8'd98;
			8'd83: out = 8'd145;
			8'd82: out = 8'd149;
			8'd81: out = 8'd228;
			8'd80: out = 8'd121;
			8'd79: out = 8'd231;
			8'd78: out = 8'd200;
			8'd77: out = 8'd55;
			8'd76: out = 8'd109;
			8'd75: out = 8'd141;
			8'd74: out = 8'd213;
			8'd73: out = 8'd78;
			8'd72: out = 8'd169;
			8'd71: out = 8'd108;
			8'd70: out = 8'd86;
			8'd69: out = 8'd244;
			8'd68: out = 8'd234;
			8'd67: out = 8'd101;
			8'd66: out = 8'd122;
			8'd65: out = 8'd174;
			8'd64: out = 8'd8;
			8'd63: out = 8'd186;
			8'd62: out = 8'd120;
			8'd61: out = 8'd37;
			8'd60: out = 8'd46;
			8'd59: out = 8'd28;
			8'd58: out = 8'd166;
			8'd57: out = 8'd180;
			8'd56: out = 8'd198;
			8'd55: out = 8'd232;
			8'd54: out = 8'd221;
			8'd53: out = 8'd116;
			8'd52: out = 8'd31;
			8'd51: out = 8'd75;
			8'd50: out = 8'd189;
			8'd49: out = 8'd139;
			8'd48: out = 8'd138;
			8'd47: out = 8'd112;
			8'd46: out = 8'd62;
			8'd45: out = 8'd181;
			8'd44: out = 8'd102;
			8'd43: out = 8'd72;
			8'd42: out = 8'd3;
			8'd41: out = 8'd246;
			8'd40: out = 8'd14;
			8'd39: out = 8'd97;
			8'd38: out = 8'd53;
			8'd37: out = 8'd87;
			8'd36: out = 8'd185;
			8'd35: out = 8'd134;
			8'd34: out = 8'd193;
			8'd33: out = 8'd29;
			8'd32: out = 8'd158;
			8'd31: out = 8'd225;
			8'd30: out = 8'd248;
			8'd29: out = 8'd152;
			8'd28: out = 8'd17;
			8'd27: out = 8'd105;
			8'd26: out = 8'd217;
			8'd25: out = 8'd142;
			8'd24: out = 8'd148;
			8'd23: out = 8'd155;
			8'd22: out = 8'd30;
			8'd21: out = 8'd135;
			8'd20: out = 8'd233;
			8'd19: out = 8'd206;
			8'd18: out = 8'd85;
			8'd17: out = 8'd40;
			8'd16: out = 8'd223;
			8'd15: out = 8'd140;
			8'd14: out = 8'd161;
			8'd13: out = 8'd137;
			8'd12: out = 8'd13;
			8'd11: out = 8'd191;
			8'd10: out = 8'd230;
			8'd9: out = 8'd66;
			8'd8: out = 8'd104;
			8'd7: out = 8'd65;
			8'd6: out = 8'd153;
			8'd5: out = 8'd45;
			8'd4: out = 8'd15;
			8'd3: out = 8'd176;
			8'd2: out = 8'd84;
			8'd1: out = 8'd187;
			8'd0: out = 8'd22;
			default: out = 8'd0;
		endcase
	end
	initial _sv2v_0 = 0;
endmodule
module aes_pipeline_table_AesStates (
	clk,
	advance,
	block,
	first_key,
	round_key,
	result
);
	reg _sv2v_0;
	input wire clk;
	input wire advance;
	input wire [127:0] block;
	input wire [127:0] first_key;
	input wire [1279:0] round_key;
	output reg [127:0] result;
	reg [1407:0] state;
	wire [1151:0] next_state;
	wire [127:0] last_state;
	localparam [31:0] aes_rounds = 10;
	always @(*) begin : give_result
		if (_sv2v_0)
			;
		result = state[1280+:128];
	end
	reg [1407:0] state_next;
	task move_func;
		begin
			state_next = state;
			if (advance) begin
				state_next[0+:128] = block ^ first_key;
				begin : sv2v_autoblock_1
					reg [31:0] i;
					for (i = 1; i < aes_rounds; i = i + 1)
						state_next[i * 128+:128] = next_state[(i - 1) * 128+:128];
				end
				state_next[1280+:128] = last_state;
			end
		end
	endtask
	always @(last_state or next_state or first_key or block or advance or state or _sv2v_0) begin : move_comb
		if (_sv2v_0)
			;
		move_func;
	end
	always @(posedge clk) begin : move_ff
		state <= state_next;
	end
	aes_pipeline_table_AesRound round_0(
		.state(state[0+:128]),
		.round_key(round_key[0+:128]),
		.next_state(next_state[0+:128])
	);
	aes_pipeline_table_AesRound round_1(
		.state(state[128+:128]),
		.round_key(round_key[128+:128]),
		.next_state(next_state[128+:128])
	);
	aes_pipeline_table_AesRound round_2(
		.state(state[256+:128]),
		.round_key(round_key[256+:128]),
		.next_state(next_state[256+:128])
	);
	aes_pipeline_table_AesRound round_3(
		.state(state[384+:128]),
		.round_key(round_key[384+:128]),
		.next_state(next_state[384+:128])
	);
	aes_pipeline_table_AesRound round_4(
		.state(state[512+:128]),
		.round_key(round_key[512+:128]),
		.next_state(next_state[512+:128])
	);
	aes_pipeline_table_AesRound round_5(
		.state(state[640+:128]),
		.round_key(round_key[640+:128]),
		.next_state(next_state[640+:128])
	);
	aes_pipeline_table_AesRound round_6(
		.state(state[768+:128]),
		.round_key(round_key[768+:128]),
		.next_state(next_state[768+:128])
	);
	aes_pipeline_table_AesRound round_7(
		.state(state[896+:128]),
		.round_key(round_key[896+:128]),
		.next_state(next_state[896+:128])
	);
	aes_pipeline_table_AesRound round_8(
		.state(state[1024+:128]),
		.round_key(round_key[1024+:128]),
		.next_state(next_state[1024+:128])
	);
	aes_pipeline_table_AesRound8 last_round(
		.state(state[1152+:128]),
		.round_key(round_key[1152+:128]),
		.next_state(last_state)
	);
	initial _sv2v_0 = 0;
endmodule
module aes_pipeline_table_AesRound (
	state,
	round_key,
	next_state
);
	reg _sv2v_0;
	input wire [127:0] state;
	input wire [127:0] round_key;
	output reg [127:0] next_state;
	reg [127:0] sbox_in;
	wire [127:0] sbox_out;
	function automatic [31:0] sv2v_cast_32;
		input reg [31:0] inp;
		sv2v_cast_32 = inp;
	endfunction
	always @(*) begin : shift_rows
		reg [127:0] bytes;
		reg [31:0] low;
		if (_sv2v_0)
			;
		bytes = state;
		begin : sv2v_autoblock_1
			reg [31:0] column;
			for (column = 0; column < 4; column = column + 1)
				begin : sv2v_autoblock_2
					reg [31:0] row;
					for (row = 0; row < 4; row = row + 1)
						begin
							low = sv2v_cast_32(7'd120 - sv2v_cast_32(4'd8 * sv2v_cast_32(sv2v_cast_32(3'd4 * ((column + row) % 3'd4)) + row)));
							sbox_in[((4 * column) + row) * 8+:8] = sv2v_cast_32(bytes[low+:8]);
						end
				end
		end
	end
	function automatic [32:0] sv2v_cast_33;
		input reg [32:0] inp;
		sv2v_cast_33 = inp;
	endfunction
	always @(*) begin : mix_and_add
		reg [127:0] mixed;
		reg [7:0] own;
		reg [7:0] byte_v;
		reg [7:0] below;
		reg [7:0] others;
		reg [7:0] TMP_0;
		reg [7:0] value;
		reg [7:0] product;
		reg [31:0] low;
		if (_sv2v_0)
			;
		mixed = 1'sb0;
		begin : sv2v_autoblock_3
			reg [31:0] column;
			for (column = 0; column < 4; column = column + 1)
				begin : sv2v_autoblock_4
					reg [31:0] row;
					for (row = 0; row < 4; row = row + 1)
						begin
							own = sbox_out[((4 * column) + row) * 8+:8];
							byte_v = own;
							below = sbox_out[((4 * column) + (sv2v_cast_33(row + 1) % 4)) * 8+:8];
							others = sbox_out[((4 * column) + (sv2v_cast_33(row + 2) % 4)) * 8+:8] ^ sbox_out[((4 * column) + (sv2v_cast_33(row + 3) % 4)) * 8+:8];
							value = own ^ below;
							product = value <<< 1;
							if (value[7])
								product = product ^ 5'h1b;
							TMP_0 = product;
							byte_v = (TMP_0 ^ below) ^ others;
							low = sv2v_cast_32(7'd120 - sv2v_cast_32(4'd8 * sv2v_cast_32(sv2v_cast_32(3'd4 * column) + row)));
							mixed[low+:8] = byte_v;
						end
				end
		end
		next_state = mixed ^ round_key;
	end
	aes_pipeline_table_Sbox sbox_0(
		.in(sbox_in[0+:8]),
		.out(sbox_out[0+:8])
	);
	aes_pipeline_table_Sbox sbox_1(
		.in(sbox_in[8+:8]),
		.out(sbox_out[8+:8])
	);
	aes_pipeline_table_Sbox sbox_2(
		.in(sbox_in[16+:8]),
		.out(sbox_out[16+:8])
	);
	aes_pipeline_table_Sbox sbox_3(
		.in(sbox_in[24+:8]),
		.out(sbox_out[24+:8])
	);
	aes_pipeline_table_Sbox sbox_4(
		.in(sbox_in[32+:8]),
		.out(sbox_out[32+:8])
	);
	aes_pipeline_table_Sbox sbox_5(
		.in(sbox_in[40+:8]),
		.out(sbox_out[40+:8])
	);
	aes_pipeline_table_Sbox sbox_6(
		.in(sbox_in[48+:8]),
		.out(sbox_out[48+:8])
	);
	aes_pipeline_table_Sbox sbox_7(
		.in(sbox_in[56+:8]),
		.out(sbox_out[56+:8])
	);
	aes_pipeline_table_Sbox sbox_8(
		.in(sbox_in[64+:8]),
		.out(sbox_out[64+:8])
	);
	aes_pipeline_table_Sbox sbox_9(
		.in(sbox_in[72+:8]),
		.out(sbox_out[72+:8])
	);
	aes_pipeline_table_Sbox sbox_10(
		.in(sbox_in[80+:8]),
		.out(sbox_out[80+:8])
	);
	aes_pipeline_table_Sbox sbox_11(
		.in(sbox_in[88+:8]),
		.out(sbox_out[88+:8])
	);
	aes_pipeline_table_Sbox sbox_12(
		.in(sbox_in[96+:8]),
		.out(sbox_out[96+:8])
	);
	aes_pipeline_table_Sbox sbox_13(
		.in(sbox_in[104+:8]),
		.out(sbox_out[104+:8])
	);
	aes_pipeline_table_Sbox sbox_14(
		.in(sbox_in[112+:8]),
		.out(sbox_out[112+:8])
	);
	aes_pipeline_table_Sbox sbox_15(
		.in(sbox_in[120+:8]),
		.out(sbox_out[120+:8])
	);
	initial _sv2v_0 = 0;
endmodule
module aes_pipeline_table_AesRound8 (
	state,
	round_key,
	next_state
);
	reg _sv2v_0;
	input wire [127:0] state;
	input wire [127:0] round_key;
	output reg [127:0] next_state;
	reg [127:0] sbox_in;
	wire [127:0] sbox_out;
	function automatic [31:0] sv2v_cast_32;
		input reg [31:0] inp;
		sv2v_cast_32 = inp;
	endfunction
	always @(*) begin : shift_rows
		reg [127:0] bytes;
		reg [31:0] low;
		if (_sv2v_0)
			;
		bytes = state;
		begin : sv2v_autoblock_1
			reg [31:0] column;
			for (column = 0; column < 4; column = column + 1)
				begin : sv2v_autoblock_2
					reg [31:0] row;
					for (row = 0; row < 4; row = row + 1)
						begin
							low = sv2v_cast_32(7'd120 - sv2v_cast_32(4'd8 * sv2v_cast_32(sv2v_cast_32(3'd4 * ((column + row) % 3'd4)) + row)));
							sbox_in[((4 * column) + row) * 8+:8] = sv2v_cast_32(bytes[low+:8]);
						end
				end
		end
	end
	always @(*) begin : mix_and_add
		reg [127:0] mixed;
		reg [7:0] own;
		reg [7:0] byte_v;
		reg [31:0] low;
		if (_sv2v_0)
			;
		mixed = 1'sb0;
		begin : sv2v_autoblock_3
			reg [31:0] column;
			for (column = 0; column < 4; column = column + 1)
				begin : sv2v_autoblock_4
					reg [31:0] row;
					for (row = 0; row < 4; row = row + 1)
						begin
							own = sbox_out[((4 * column) + row) * 8+:8];
							byte_v = own;
							low = sv2v_cast_32(7'd120 - sv2v_cast_32(4'd8 * sv2v_cast_32(sv2v_cast_32(3'd4 * column) + row)));
							mixed[low+:8] = byte_v;
						end
				end
		end
		next_state = mixed ^ round_key;
	end
	aes_pipeline_table_Sbox sbox_0(
		.in(sbox_in[0+:8]),
		.out(sbox_out[0+:8])
	);
	aes_pipeline_table_Sbox sbox_1(
		.in(sbox_in[8+:8]),
		.out(sbox_out[8+:8])
	);
	aes_pipeline_table_Sbox sbox_2(
		.in(sbox_in[16+:8]),
		.out(sbox_out[16+:8])
	);
	aes_pipeline_table_Sbox sbox_3(
		.in(sbox_in[24+:8]),
		.out(sbox_out[24+:8])
	);
	aes_pipeline_table_Sbox sbox_4(
		.in(sbox_in[32+:8]),
		.out(sbox_out[32+:8])
	);
	aes_pipeline_table_Sbox sbox_5(
		.in(sbox_in[40+:8]),
		.out(sbox_out[40+:8])
	);
	aes_pipeline_table_Sbox sbox_6(
		.in(sbox_in[48+:8]),
		.out(sbox_out[48+:8])
	);
	aes_pipeline_table_Sbox sbox_7(
		.in(sbox_in[56+:8]),
		.out(sbox_out[56+:8])
	);
	aes_pipeline_table_Sbox sbox_8(
		.in(sbox_in[64+:8]),
		.out(sbox_out[64+:8])
	);
	aes_pipeline_table_Sbox sbox_9(
		.in(sbox_in[72+:8]),
		.out(sbox_out[72+:8])
	);
	aes_pipeline_table_Sbox sbox_10(
		.in(sbox_in[80+:8]),
		.out(sbox_out[80+:8])
	);
	aes_pipeline_table_Sbox sbox_11(
		.in(sbox_in[88+:8]),
		.out(sbox_out[88+:8])
	);
	aes_pipeline_table_Sbox sbox_12(
		.in(sbox_in[96+:8]),
		.out(sbox_out[96+:8])
	);
	aes_pipeline_table_Sbox sbox_13(
		.in(sbox_in[104+:8]),
		.out(sbox_out[104+:8])
	);
	aes_pipeline_table_Sbox sbox_14(
		.in(sbox_in[112+:8]),
		.out(sbox_out[112+:8])
	);
	aes_pipeline_table_Sbox sbox_15(
		.in(sbox_in[120+:8]),
		.out(sbox_out[120+:8])
	);
	initial _sv2v_0 = 0;
endmodule
