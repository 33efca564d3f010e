"""What is broken on purpose: processes killed, connections cut, races run by the thousand."""
