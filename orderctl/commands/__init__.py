"""The commands of orderctl; orderctl.command_list names them."""
