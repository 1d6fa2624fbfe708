"""The camera process: the one owner of the camera, and the backends that it can film with."""
