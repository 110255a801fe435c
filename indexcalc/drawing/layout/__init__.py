"""Where everything lies: from a model to a placed one, in any units."""
