"""The commands of orderctl, by the groups of its help; orderctl.command_list names them all."""
