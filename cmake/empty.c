typedef int maske_empty_room;     /* a room without sources yet */
