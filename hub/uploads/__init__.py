"""The tus 1.0 server: resumable uploads of the files that a session announced.

What a client meets, each with a problem document (`hub.problems`) unless it is a success:

- 201 POST: the upload of the announced file, new or the one that there is; `Upload-Offset` says where to go on. For a file that
  has arrived already it is a finished upload (offset = size).
- 200 HEAD, 204 PATCH, DELETE and OPTIONS.
- 401 no valid token, 403 the token may not upload, or the file has arrived and is not given up.
- 404 no such session, file or upload that the token may know of: another lab's or rig's, terminated, or expired and collected.
- 409 the PATCH does not begin at the upload's offset. 410 the upload expired: create a new one.
- 412 another version of tus, 415 another content type, 422 a header that cannot be, or a size or hash that was not announced.
- 413 more bytes than the upload has, or than the hub takes. A body that turns out too long is taken back whole.
- 423 another connection holds the upload and does not let go, or took this one over.
- 460 the body does not have its checksum; it is taken back whole.
- 503 the hub is stopping, or nothing arrived for a while: what arrived is kept. 507 the hub's disk is full: what arrived is kept.

An answer that comes before the body was read to its end closes the connection.
"""
